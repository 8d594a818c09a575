//! The picture: throughput and p99 over workers, with the knee marked.

use pool_core::measure::{Found, Row};
use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 640.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 280.0;

const INK: &str = "#24292f";
const PALE: &str = "#d0d7de";
const BLUE: &str = "#0969da";
const RED: &str = "#cf222e";

/// Draws an SVG.
pub(crate) fn draw(found: &Found) -> String {
    let rows = found.rows();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"{INK}\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
    );
    let places: Vec<f64> = rows.iter().map(|row| across(row.workers(), rows)).collect();
    for (row, x) in rows.iter().zip(&places) {
        line(&mut svg, (*x, TOP), (*x, BOTTOM), PALE);
        text(&mut svg, (*x, BOTTOM + 18.0), "middle", INK, &row.workers().to_string());
    }
    line(&mut svg, (LEFT, BOTTOM), (RIGHT, BOTTOM), INK);
    text(&mut svg, ((LEFT + RIGHT) / 2.0, BOTTOM + 40.0), "middle", INK, "workers");
    if let Some(knee) = found.max_workers().filter(|_| !rows.is_empty()) {
        let x = across(knee, rows);
        line(&mut svg, (x, TOP - 8.0), (x, BOTTOM), INK);
        text(&mut svg, (x, TOP - 14.0), "middle", INK, &format!("max_workers = {knee}"));
    }

    let rates: Vec<f64> = rows.iter().map(Row::per_second).collect();
    curve(&mut svg, &places, &rates, BLUE, "");
    axis(&mut svg, (LEFT - 10.0, "end"), &rates, BLUE, "calls/s", |rate| format!("{rate:.0}"));
    let waits: Vec<f64> = rows.iter().map(|row| 1e3 * row.p99().as_secs_f64()).collect();
    curve(&mut svg, &places, &waits, RED, " stroke-dasharray=\"6 4\"");
    axis(&mut svg, (RIGHT + 10.0, "start"), &waits, RED, "p99", |wait| match wait {
        w if w < 10.0 => format!("{w:.2} ms"),
        w => format!("{w:.0} ms"),
    });
    svg.push_str("</svg>\n");
    svg
}

/// Where a number of workers stands: each doubling takes the same room.
fn across(workers: usize, rows: &[Row]) -> f64 {
    let place = |workers: usize| (workers as f64).log2();
    let all = || rows.iter().map(|row| place(row.workers()));
    let (least, most) = (all().fold(f64::MAX, f64::min), all().fold(0.0, f64::max));
    LEFT + (RIGHT - LEFT) * (place(workers) - least) / (most - least).max(1.0)
}

/// Where a value stands between zero and the greatest.
fn up(value: f64, values: &[f64]) -> f64 {
    let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    BOTTOM - (BOTTOM - TOP) * value / most
}

fn curve(svg: &mut String, places: &[f64], values: &[f64], colour: &str, dashes: &str) {
    let points: Vec<(f64, f64)> =
        places.iter().zip(values).map(|(x, value)| (*x, up(*value, values))).collect();
    let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let path = path.join(" ");
    put(
        svg,
        format_args!(
            "<polyline points=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{dashes}/>"
        ),
    );
    for (x, y) in points {
        put(svg, format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>"));
    }
}

/// Writes zero, the greatest value, and what the values are, on one side.
fn axis(
    svg: &mut String,
    (x, side): (f64, &str),
    values: &[f64],
    colour: &str,
    name: &str,
    show: fn(f64) -> String,
) {
    let most = values.iter().copied().fold(0.0, f64::max);
    text(svg, (x, BOTTOM + 4.0), side, colour, "0");
    text(svg, (x, TOP + 4.0), side, colour, &show(most));
    text(svg, (x, TOP - 14.0), side, colour, name);
}

fn line(svg: &mut String, (x1, y1): (f64, f64), (x2, y2): (f64, f64), colour: &str) {
    put(
        svg,
        format_args!(
            "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{colour}\"/>"
        ),
    );
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, colour: &str, text: &str) {
    put(
        svg,
        format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{text}</text>"
        ),
    );
}

fn put(svg: &mut String, element: std::fmt::Arguments<'_>) {
    writeln!(svg, "{element}").expect("a text takes all that is written");
}
