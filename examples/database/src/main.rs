//! Ten thousand queries, in order: with a connection for each worker, and beside it over one connection that all share.
//!
//! `cargo run --release -p database`
//!
//! It makes the database itself, in a temporary file. One query fails, since its place is missing.

use std::error::Error;
use std::sync::Mutex;
use std::time::Instant;

use pool_core::concurrent;
use rusqlite::Connection;
use tempfile::NamedTempFile;

const PLACES: i64 = 10_000;

/// Finds the station that is nearest to a place.
#[concurrent(max_workers = 8)]
fn nearest(#[worker] db: &mut Connection, place: i64) -> rusqlite::Result<i64> {
    // The connection keeps the statement, prepared, for the next call.
    let mut query = db.prepare_cached(
        "SELECT station.id FROM place, station WHERE place.id = ?
         ORDER BY abs(station.x - place.x) + abs(station.y - place.y) LIMIT 1",
    )?;
    query.query_row([place], |row| row.get(0))
}

/// The same over one connection, which one call has at a time.
#[concurrent(max_workers = 8)]
fn nearest_in_turn(#[shared] db: &Mutex<Connection>, place: i64) -> rusqlite::Result<i64> {
    nearest(&mut db.lock().unwrap(), place)
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = NamedTempFile::new()?;
    let db = Connection::open(&file)?;
    fill(&db)?;

    let start = Instant::now();
    let stations: Vec<_> = nearest::map(|| Connection::open(&file), 1..=PLACES).collect();
    println!("a connection for each worker: {:.2} s", start.elapsed().as_secs_f64());

    let db = Mutex::new(db);
    let start = Instant::now();
    let same: Vec<_> = nearest_in_turn::map(&db, 1..=PLACES).collect();
    println!("one connection for all: {:.2} s", start.elapsed().as_secs_f64());

    assert_eq!(stations, same);
    for (place, station) in (1..).zip(&stations) {
        if let Err(error) = station {
            println!("place {place}: {error}");
        }
    }
    println!("{} of {PLACES} places have a station", stations.iter().flatten().count());
    Ok(())
}

/// Makes 1,000 stations and 10,000 places, save one.
fn fill(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "CREATE TABLE station (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER);
         CREATE TABLE place (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER);
         WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 10000)
             INSERT INTO place SELECT n, n * 7919 % 10007, n * 6997 % 10009 FROM n;
         INSERT INTO station SELECT id / 10, y, x FROM place WHERE id % 10 = 0;
         DELETE FROM place WHERE id = 4711;",
    )
}
