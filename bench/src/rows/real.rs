//! Measures calls that do a little real work: about a microsecond, ten, and some tens of them.

use super::io::{BYTES, FILES, Folder, get, server};
use super::{Wait, collect, contenders, microseconds, wait};
use crate::measure::{Bound, Contender, Experiment, Figure};
use crate::peers::{Again, Collect, JoinSet, OneByOne, Ours, Peer, Scoped};
use crate::process::Usage;
use rusqlite::{Connection, OpenFlags};
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;

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
        experiment(
            "sqlite",
            &format!("a query of SQLite that looks at {ROWS} rows"),
            1_000,
            || {
                let database = Arc::new(Database::new());
                wait(move |number| database.query(number))
            },
        ),
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

const ROWS: usize = 1_000;

/// A table in a file, which is removed at the end. Each thread opens it once.
struct Database(tempfile::TempPath);

thread_local! {
    static CONNECTION: RefCell<Option<(PathBuf, Connection)>> = const { RefCell::new(None) };
}

impl Database {
    fn new() -> Self {
        let file = NamedTempFile::new().expect("a file").into_temp_path();
        let connection = Connection::open(&file).expect("a database");
        connection
            .execute_batch(&format!(
                "CREATE TABLE numbers (number INTEGER);
                 WITH RECURSIVE up(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM up LIMIT {ROWS})
                 INSERT INTO numbers SELECT n FROM up;"
            ))
            .expect("a table");
        Self(file)
    }

    fn query(&self, number: usize) {
        CONNECTION.with_borrow_mut(|own| {
            if own.as_ref().is_none_or(|(path, _)| **path != *self.0) {
                let connection =
                    Connection::open_with_flags(&self.0, OpenFlags::SQLITE_OPEN_READ_ONLY);
                *own = Some((self.0.to_path_buf(), connection.expect("the database")));
            }
            let (_, connection) = own.as_ref().expect("it is open");
            let mut query = connection
                .prepare_cached("SELECT count(*) FROM numbers WHERE number % 97 = ?1")
                .expect("a query");
            let rest = number % 97;
            let count: u32 = query.query_row([rest as u32], |row| row.get(0)).expect("a row");
            assert_eq!(count as usize, (ROWS - rest).div_ceil(97));
        });
    }
}
