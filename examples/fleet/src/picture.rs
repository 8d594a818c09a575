//! The picture: the Mandelbrot set in characters, cut into tiles.

use serde::{Deserialize, Serialize};

/// How many tiles there are in each direction, and how many characters a tile has.
const TILES: (usize, usize) = (16, 16);
const TILE: (usize, usize) = (5, 2);

/// How many points a character stands for.
const POINTS: (usize, usize) = (16, 32);

/// What the picture shows of the plane: from where, and how much.
const FROM: (f64, f64) = (-2.1, -1.2);
const SIZE: (f64, f64) = (2.8, 2.4);

/// How many steps a point of the set stays close for.
const STEPS: u32 = 1000;

const SHADES: &[u8] = b" .:-=+*%#@";

/// One input: the tile's place in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Tile {
    column: usize,
    row: usize,
}

/// One result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Drawn {
    /// The process that has drawn it.
    pub(crate) worker: u32,
    /// How many of the points are in the set.
    inside: usize,
    /// The tile's part of each of its lines.
    lines: Vec<String>,
}

pub(crate) struct Picture {
    tiles: Vec<Option<Drawn>>,
}

impl Tile {
    pub(crate) fn all() -> impl ExactSizeIterator<Item = Self> {
        let (columns, rows) = TILES;
        (0..columns * rows).map(move |n| Self { column: n % columns, row: n / columns })
    }

    pub(crate) fn draw(self) -> Drawn {
        let mut inside = 0;
        let mut character = |column, row| {
            let mut total = 0;
            for point in 0..POINTS.0 * POINTS.1 {
                let x = (column * POINTS.0 + point % POINTS.0) as f64 + 0.5;
                let y = (row * POINTS.1 + point / POINTS.0) as f64 + 0.5;
                let steps = steps(
                    FROM.0 + SIZE.0 * x / (TILES.0 * TILE.0 * POINTS.0) as f64,
                    FROM.1 + SIZE.1 * y / (TILES.1 * TILE.1 * POINTS.1) as f64,
                );
                inside += usize::from(steps == STEPS);
                total += steps.ilog2();
            }
            let shade = total as usize / (POINTS.0 * POINTS.1);
            char::from(SHADES[shade.min(SHADES.len() - 1)])
        };
        let (left, top) = (self.column * TILE.0, self.row * TILE.1);
        let mut line = |row| (left..left + TILE.0).map(|column| character(column, row)).collect();
        let lines = (top..top + TILE.1).map(&mut line).collect();
        Drawn { worker: std::process::id(), inside, lines }
    }
}

/// How many steps a point stays close for, at least 1.
fn steps(x: f64, y: f64) -> u32 {
    let (mut a, mut b) = (x, y);
    for step in 1..STEPS {
        if a * a + b * b > 4.0 {
            return step;
        }
        (a, b) = (a * a - b * b + x, 2.0 * a * b + y);
    }
    STEPS
}

impl Picture {
    pub(crate) fn new() -> Self {
        Self { tiles: Tile::all().map(|_| None).collect() }
    }

    /// Puts a tile in its place. Returns whether it was empty.
    pub(crate) fn put(&mut self, tile: Tile, drawn: Drawn) -> bool {
        self.tiles[tile.row * TILES.0 + tile.column].replace(drawn).is_none()
    }

    /// The lines, with a gap where a tile is missing.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let gap = "?".repeat(TILE.0);
        (0..TILES.1 * TILE.1).map(move |line| {
            let tiles = &self.tiles[line / TILE.1 * TILES.0..][..TILES.0];
            let part = |tile: &Option<Drawn>| match tile {
                Some(drawn) => drawn.lines[line % TILE.1].clone(),
                None => gap.clone(),
            };
            tiles.iter().map(part).collect()
        })
    }

    /// How many of the points drawn are in the set, and the area of the set.
    pub(crate) fn area(&self) -> (usize, f64) {
        let inside = self.tiles.iter().flatten().map(|drawn| drawn.inside).sum();
        let points = TILES.0 * TILES.1 * TILE.0 * TILE.1 * POINTS.0 * POINTS.1;
        (inside, SIZE.0 * SIZE.1 * inside as f64 / points as f64)
    }
}
