use pool_core::{Feed, Fleet, FleetError, concurrent};

#[concurrent(fleet)]
fn length(text: &str) -> usize {
    text.len()
}

#[concurrent(fleet)]
fn sum(a: u32, b: &u32) -> u32 {
    a + b
}

#[concurrent(fleet)]
fn count(#[worker] state: &mut u32, by: u32) -> Result<u32, String> {
    *state += by;
    Ok(*state)
}

fn main() -> Result<(), FleetError> {
    let fleet = Fleet::processes(1)?;
    let _ = length::on(&fleet).map([1, 2]);
    let _ = length::on(&fleet).as_completed([1_u8]);
    let _ = sum::on(&fleet).map([1, 2]);
    let _ = sum::on(&fleet).map([("1", 2)]);
    let feed = Feed::from([String::from("a")]);
    let _ = length::on(&fleet).map(feed.inputs());
    let _ = count::service();
    let _ = count::service(|| 0);
    Ok(())
}
