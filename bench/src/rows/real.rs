//! Measures calls that do a little real work: about a microsecond, ten, and some tens of them.

use super::io::{BYTES, FILES, Folder, get, server};
use super::{Wait, collect, contenders, microseconds, wait};
use crate::measure::{Bound, Contender, Experiment, Figure};
use crate::peers::{Again, Collect, JoinSet, OneByOne, Ours, Peer, Scoped};
use crate::process::Usage;
use std::sync::Arc;
use std::time::Duration;

const WORKERS: usize = 8;

pub(super) fn experiments() -> Vec<Experiment> {
    vec![
        experiment("metadata", "`fs::metadata` of a file", FILES, || {
            let folder = Arc::new(Folder::new());
            wait(move |file| folder.look(file))
        }),
        experiment("read", &format!("a read of {BYTES} bytes"), FILES, || {
            let folder = Arc::new(Folder::new());
            wait(move |file| folder.read(file))
        }),
        experiment("http", "a GET from a server on loopback that answers at once", 640, || {
            wait(|_| assert!(get(server(Duration::ZERO)).is_ok(), "the page"))
        }),
    ]
}

fn experiment(name: &str, what: &str, inputs: usize, call: fn() -> Wait) -> Experiment {
    let wall = Figure::new("wall", "µs a call");
    Experiment {
        name: format!("real/{name}"),
        job: format!("{inputs} times {what}, N = {WORKERS}"),
        figures: vec![
            wall.goal(Bound::Ratio(1.1, OneByOne::NAME), Bound::Ratio(1.0, OneByOne::NAME)),
            Figure::new("cpu", "µs a call"),
            Figure::new("switches", "a call"),
        ],
        rounds: (0, 7),
        warm_up: true,
        contenders: Box::new(move || {
            let call = call();
            let mut contenders =
                contenders!(turns(inputs, &call) of Ours, Scoped, OneByOne, JoinSet, Again);
            contenders.push(Contender::new("one thread", move || {
                measured(inputs, || (0..inputs).for_each(|input| _ = call(input)))
            }));
            contenders
        }),
    }
}

fn turns<P: Collect>(inputs: usize, call: &Wait) -> impl FnMut() -> Vec<f64> + use<P> {
    let (peer, call) = (P::new(WORKERS), call.clone());
    move || measured(inputs, || _ = collect(&peer, inputs, &call))
}

fn measured(inputs: usize, batch: impl FnOnce()) -> Vec<f64> {
    let before = Usage::now();
    batch();
    let used = before.since();
    let [wall, cpu] = [used.wall, used.cpu].map(microseconds);
    [wall, cpu, used.switches as f64].map(|figure| figure / inputs as f64).into()
}
