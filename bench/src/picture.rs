//! The picture: a panel for each of a few rows, a bar for each contender.

use crate::measure::{AGAIN, Entry, OURS, Row};
use crate::report::Report;
use crate::table;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::path::Path;

/// The rows of the picture, and what stands above each.
const PANELS: [(&str, &str); 6] = [
    ("noop/collect/32/cpu", "What a call costs: CPU, 32 workers, ns"),
    ("noop/stream/32/cpu", "The same, results as they finish, ns"),
    ("overlap/64/wall", "2,000 waits of 1 ms, 64 at a time: wall ÷ ideal"),
    ("slow/start/wall", "1 % slow calls at the start: wall ÷ bound"),
    ("warm/10/wall", "A batch of 10 on a warm pool, µs"),
    ("behind/wall", "10 × 1 ms behind 4,000 × 2 ms, ms"),
];
const COLUMNS: usize = 2;
const SIZE: (u32, u32) = (1_080, 1_010);
const MARGIN: i32 = 16;
/// Above the panels, and of a panel's own heading.
const HEADING: i32 = 64;
const TITLE: i32 = 34;
/// For the contenders' names, and for the figures behind the bars.
const NAMES: i32 = 190;
const FIGURES: i32 = 66;
const BAR: i32 = 22;
/// From so many times on, lengths are logarithmic: else the short bars could not be told apart.
const WIDE: f64 = 12.0;

const INK: RGBColor = RGBColor(36, 41, 47);
const PALE: RGBColor = RGBColor(101, 109, 118);
const OWN: RGBColor = RGBColor(9, 105, 218);
const OTHERS: RGBColor = RGBColor(175, 184, 193);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

pub(crate) fn draw(path: &Path, report: &Report) -> Result<(), Box<dyn Error>> {
    let picture = SVGBackend::new(path, SIZE).into_drawing_area();
    // Readable on a dark page, too.
    picture.fill(&WHITE)?;
    let machine = &report.machine;
    let under = format!(
        "{}, {} cores, {}, {}; {}. Shorter is better.",
        machine.cpu,
        machine.cores,
        machine.kernel,
        machine.rustc.split(" (").next().unwrap_or_default(),
        machine.date
    );
    picture.draw_text("pool-core beside its peers", &text(22, INK), (MARGIN, MARGIN))?;
    picture.draw_text(&under, &text(13, PALE), (MARGIN, MARGIN + 28))?;
    let (_, panels) = picture.split_vertically(HEADING);
    let panels = panels.split_evenly((PANELS.len().div_ceil(COLUMNS), COLUMNS));
    for ((name, title), area) in PANELS.iter().zip(&panels) {
        if let Some(row) = report.rows.iter().find(|row| row.name == *name) {
            panel(area, title, row)?;
        }
    }
    picture.present()?;
    Ok(())
}

fn text(size: i32, color: RGBColor) -> TextStyle<'static> {
    TextStyle { color: color.to_backend_color(), ..TextStyle::from(("sans-serif", size)) }
}

fn panel(area: &Area<'_>, title: &str, row: &Row) -> Result<(), Box<dyn Error>> {
    // The best one is above. Ours once more says something of the noise, and nothing of who is better.
    let mut entries: Vec<&Entry> =
        row.entries.iter().filter(|entry| entry.contender != AGAIN).collect();
    entries.sort_by(|one, other| one.figure.median.total_cmp(&other.figure.median));
    let most = entries.last().map_or(1.0, |entry| entry.figure.median);
    let least = entries.first().map_or(1.0, |entry| entry.figure.median);
    let logarithmic = least > 0.0 && most / least > WIDE;
    let room = f64::from(area.dim_in_pixel().0 as i32 - 2 * MARGIN - NAMES - FIGURES);
    let length = |figure: f64| {
        // The shortest bar can still be seen.
        let (from, to) = (least / 2.0, most);
        let part =
            if logarithmic { (figure / from).ln() / (to / from).ln() } else { figure / most };
        (room * part).round() as i32
    };
    let scale = if logarithmic { " (logarithmic)" } else { "" };
    area.draw_text(&format!("{title}{scale}"), &text(15, INK), (MARGIN, 8))?;
    for (line, entry) in entries.iter().enumerate() {
        bar(area, TITLE + BAR * line as i32, length(entry.figure.median), entry)?;
    }
    Ok(())
}

fn bar(area: &Area<'_>, top: i32, length: i32, entry: &Entry) -> Result<(), Box<dyn Error>> {
    let (color, ink) = if entry.contender == OURS { (OWN, OWN) } else { (OTHERS, INK) };
    let (left, middle) = (MARGIN + NAMES, top + BAR / 2);
    let name = text(13, ink).pos(Pos::new(HPos::Right, VPos::Center));
    area.draw_text(entry.contender, &name, (left - 8, middle))?;
    area.draw(&Rectangle::new(
        [(left, top + 3), (left + length.max(1), top + BAR - 3)],
        color.filled(),
    ))?;
    let figure = text(13, ink).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw_text(
        &table::figure(entry.figure.median),
        &figure,
        (left + length.max(1) + 6, middle),
    )?;
    Ok(())
}
