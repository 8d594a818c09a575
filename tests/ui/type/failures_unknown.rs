use pool_core::{Measure, Pool};

fn main() {
    let pool = Pool::new(1);
    let measure = Measure::new(|| pool.map(["a", "bb"], str::len));
    drop(measure);
}
