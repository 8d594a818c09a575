//! Draws a picture in tiles in other processes, and loses no tile when those crash.
//!
//! `cargo run --release -p fleet -- [--chaos]`
//!
//! It starts four workers itself. With a Redis server between, workers are started by hand, on any machine:
//!
//! `cargo run --release -p fleet -- --redis redis://10.0.0.5/ --worker`
//!
//! `cargo run --release -p fleet -- --redis redis://10.0.0.5/`
//!
//! With `--chaos` a worker crashes now and then in the middle of a tile. A service manager would start it again. A
//! shell can do so, too: `until cargo run --release -p fleet -- --redis URL --worker --chaos; do sleep 1; done`

mod arguments;
mod picture;

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::process::{self, exit};
use std::time::{Duration, Instant};

use arguments::{Arguments, USAGE};
use indicatif::ProgressBar;
use picture::{Drawn, Picture, Tile};
use pool_core::{CallError, Feed, Fleet, FleetError, RemoteError, concurrent};

/// How long a worker at a server may give no sign of life before its tiles go to others. It is short for a
/// demonstration. Programs for work leave it at 30 seconds, which is longer than most pauses of a network are.
const LEASE: Duration = Duration::from_secs(2);

/// How often a tile is drawn at most whose worker crashes each time: it may be the tile that crashes them.
const TRIES: u32 = 5;

/// How many tiles a worker draws with one state until it crashes, with `--chaos`.
const TILES: u32 = 20;

/// How many tiles are left until this worker crashes, if it is to.
struct Fuse(Option<u32>);

impl Fuse {
    fn new(chaos: bool) -> Self {
        Self(chaos.then_some(TILES))
    }

    fn burn(&mut self) {
        if let Some(left) = &mut self.0 {
            *left -= 1;
            if *left == 0 {
                process::abort();
            }
        }
    }
}

/// Draws one tile. To draw one twice does no harm, as it should be for all that runs on a fleet.
#[concurrent(max_workers = 4, fleet)]
fn draw(#[worker] fuse: &mut Fuse, tile: Tile) -> Drawn {
    let drawn = tile.draw();
    fuse.burn();
    drawn
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse().unwrap_or_else(|error| {
        eprintln!("fleet: {error} ({USAGE})");
        exit(2)
    });
    let chaos = arguments.chaos;
    let service = draw::service(move || Fuse::new(chaos));
    let fleet = match &arguments.redis {
        None => {
            // The workers are this program, with the same arguments. They come no further than this.
            Fleet::from_env()?.serve([service]).run()?;
            Fleet::processes(4)?
        }
        Some(url) => {
            let fleet = Fleet::redis(url)?.lease(LEASE);
            if arguments.worker {
                // SIGTERM ends it, after the tiles that it has begun.
                return Ok(fleet.serve([service]).run()?);
            }
            fleet
        }
    };

    let start = Instant::now();
    let bar = ProgressBar::new(Tile::all().len() as u64);
    let (mut picture, mut workers) = (Picture::new(), BTreeSet::new());
    let (mut tries, mut again, mut failed) = (HashMap::new(), 0, 0);
    let tiles = Feed::from_iter(Tile::all());
    draw::on(&fleet).as_completed(tiles.inputs()).for_each(|done| match done.result {
        Ok(drawn) => {
            workers.insert(drawn.worker);
            assert!(picture.put(done.input, drawn), "{:?} has come twice", done.input);
            bar.inc(1);
        }
        Err(error) => {
            bar.suspend(|| println!("{:?}: {error}", done.input));
            // Where the worker was a process of ours, the crash is the outcome of the call, and it is for us to try
            // again. At a server it is no outcome: another worker has the tile after the lease.
            let crashed =
                matches!(error, CallError::Failed(RemoteError::Lost(FleetError::Crashed(_))));
            let tries = tries.entry(done.input).or_insert(1);
            *tries += 1;
            if crashed && *tries <= TRIES && tiles.push(done.input).is_ok() {
                again += 1;
            } else {
                failed += 1;
            }
        }
    });
    bar.finish_and_clear();

    picture.lines().for_each(|line| println!("{line}"));
    let (inside, area) = picture.area();
    println!("{inside} points are in the set, so its area is about {area:.2}");
    println!("tiles: {}, workers: {}", Tile::all().len(), workers.len());
    println!("tried again: {again}, failed: {failed}, {:.1} s", start.elapsed().as_secs_f64());
    if failed == 0 { Ok(()) } else { Err("the picture has gaps".into()) }
}
