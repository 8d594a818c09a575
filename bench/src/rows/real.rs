//! Measures calls that do a little real work: from about a microsecond to a hundred of them.

use super::io::{BYTES, FILES, Folder, get, server};
use super::{Wait, collect, contenders, microseconds, wait};
use crate::measure::{Bound, Contender, Experiment, Figure};
use crate::peers::{Again, Collect, JoinSet, OneByOne, Ours, Peer, Scoped};
use crate::process::Usage;
use rusqlite::{Connection, OpenFlags};
use std::cell::OnceCell;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;

const WORKERS: usize = 8;
const QUERIES: usize = 1_000;
/// Of the table, and of them those that a query adds up.
const ROWS: usize = 10_000;
const ADDED: usize = 4_000;

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
        experiment(
            "sqlite",
            &format!("a query of SQLite that adds up {ADDED} of {ROWS} rows"),
            QUERIES,
            || {
                let file = Arc::new(table());
                wait(move |input| {
                    let first = input * (ROWS - ADDED) / QUERIES;
                    let sum: usize = (first..first + ADDED).sum();
                    assert_eq!(query(file.path(), first), sum as i64);
                })
            },
        ),
    ]
}

/// Each number below [`ROWS`], in a file.
fn table() -> NamedTempFile {
    let file = NamedTempFile::new().expect("a file");
    let filled = Connection::open(file.path()).and_then(|database| {
        database.execute_batch(&format!(
            "CREATE TABLE numbers (id INTEGER PRIMARY KEY, number INTEGER NOT NULL);
            WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted LIMIT {ROWS})
            INSERT INTO numbers SELECT n, n FROM counted;"
        ))
    });
    filled.expect("a table");
    file
}

/// Adds up numbers from `first` on. Each thread opens the file once, whoever has started it.
fn query(file: &Path, first: usize) -> i64 {
    thread_local! {
        static DATABASE: OnceCell<Connection> = const { OnceCell::new() };
    }
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(file, flags).expect("the file")
    };
    DATABASE.with(|database| {
        let sum = "SELECT sum(number) FROM numbers WHERE id >= ?1 AND id < ?2";
        let mut sum = database.get_or_init(open).prepare_cached(sum).expect("a query");
        let ends = [first as i64, (first + ADDED) as i64];
        sum.query_row(ends, |row| row.get(0)).expect("a sum")
    })
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
