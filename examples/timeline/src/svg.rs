//! The picture: a row for each worker thread, a bar for each call, the time below.

use crate::spans::Call;
use std::fmt::{self, Display, Write};
use std::time::Duration;

const WIDTH: f64 = 880.0;
const MARGIN: f64 = 24.0;
/// Where the time begins and ends.
const LEFT: f64 = 124.0;
const RIGHT: f64 = 848.0;
/// Where the first row begins.
const TOP: f64 = 56.0;
const ROW: f64 = 38.0;
const BAR: f64 = 24.0;
/// The width of a digit of a label.
const DIGIT: f64 = 9.0;

/// The page around the picture may have another theme than the picture. So the picture paints its paper.
const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 15px; font-weight: 600 }
.thread, .time { fill: #59636e }
.paper { fill: #ffffff }
.grid { stroke: #d1d9e0 }
.bar { stroke: #ffffff }
.ok { fill: #0969da }
.failed { fill: #bc4c00 }
.panicked { fill: url(#stripes) }
.inside { fill: #ffffff; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc }
  .thread, .time { fill: #9198a1 }
  .paper { fill: #0d1117 }
  .grid { stroke: #3d444d }
  .bar { stroke: #0d1117 }
}";
/// They tell a panic from a failure where colours do not.
const STRIPES: &str = "\
<pattern id=\"stripes\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect width=\"8\" height=\"8\" fill=\"#a40e26\"/><rect width=\"2\" height=\"8\" fill=\"#d1475c\"/></pattern>";

/// What became of a call.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    Ok,
    Failed,
    Panicked,
}

impl Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
        })
    }
}

/// Draws calls, whose outcomes are given in the order of the inputs.
pub(crate) fn draw(calls: &[Call], outcomes: &[Outcome]) -> String {
    let mut svg = String::new();
    picture(&mut svg, calls, outcomes).expect("a text takes all that is written");
    svg
}

fn picture(svg: &mut String, calls: &[Call], outcomes: &[Outcome]) -> fmt::Result {
    let mut threads: Vec<&str> = calls.iter().map(|call| &*call.thread).collect();
    threads.sort_unstable_by_key(|name| (name.len(), *name));
    threads.dedup();
    let end = calls.iter().map(|call| call.end).max().unwrap_or_default();
    let sum: Duration = calls.iter().map(|call| call.end - call.begin).sum();
    let title = format!(
        "{} calls on {} threads in {:.2} s; they add up to {:.2} s",
        calls.len(),
        threads.len(),
        end.as_secs_f64(),
        sum.as_secs_f64(),
    );
    let bottom = TOP + ROW * threads.len() as f64;
    let height = bottom + 40.0;

    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n<title>{title}</title>\n\
         <style>\n{STYLE}\n</style>\n<defs>{STRIPES}</defs>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"32\">{title}</text>"
    )?;
    legend(svg)?;
    axis(svg, bottom, end)?;
    for (row, thread) in threads.iter().enumerate() {
        let middle = TOP + ROW * (row as f64 + 0.5);
        writeln!(
            svg,
            "<text class=\"thread\" x=\"{MARGIN}\" y=\"{}\">{thread}</text>",
            middle + 4.5
        )?;
        for call in calls.iter().filter(|call| call.thread == *thread) {
            bar(svg, middle, end, call, outcomes[call.index])?;
        }
    }
    writeln!(svg, "</svg>")
}

/// Names the colours, at the right of the title.
fn legend(svg: &mut String) -> fmt::Result {
    for (outcome, x) in [(Outcome::Ok, 654), (Outcome::Failed, 702), (Outcome::Panicked, 770)] {
        let text = x + 18;
        writeln!(
            svg,
            "<rect class=\"{outcome}\" x=\"{x}\" y=\"21\" width=\"12\" height=\"12\" rx=\"3\"/>\
             <text x=\"{text}\" y=\"32\">{outcome}</text>"
        )?;
    }
    Ok(())
}

/// Draws the lines of the time, at most ten, and labels them.
fn axis(svg: &mut String, bottom: f64, end: Duration) -> fmt::Result {
    let step = (0..)
        .flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)))
        .find(|step| end.as_millis() < 10 * u128::from(*step))
        .unwrap_or(u64::MAX);
    let times = (0..10).map(|tick| Duration::from_millis(tick * step));
    for time in times.take_while(|time| *time <= end) {
        let x = across(time, end);
        let ms = time.as_millis();
        writeln!(
            svg,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>\
             <text class=\"time\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{ms} ms</text>",
            bottom + 20.0
        )?;
    }
    Ok(())
}

/// Draws a call. A bar that is too narrow has its label above.
fn bar(svg: &mut String, middle: f64, end: Duration, call: &Call, outcome: Outcome) -> fmt::Result {
    let Call { index, .. } = call;
    let (x, to) = (across(call.begin, end), across(call.end, end));
    let (width, top) = (to - x, middle - BAR / 2.0);
    let room = DIGIT * index.to_string().len() as f64 + 4.0;
    let (class, y) = if width < room { ("above", top - 2.0) } else { ("inside", middle + 4.5) };
    writeln!(
        svg,
        "<g><title>call {index}, {outcome}: from {} ms to {} ms</title>\
         <rect class=\"bar {outcome}\" x=\"{x:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{BAR}\" rx=\"3\"/>\
         <text class=\"{class}\" x=\"{:.1}\" y=\"{y}\" text-anchor=\"middle\">{index}</text></g>",
        call.begin.as_millis(),
        call.end.as_millis(),
        x + width / 2.0,
    )
}

/// Where a time stands.
fn across(time: Duration, end: Duration) -> f64 {
    LEFT + (RIGHT - LEFT) * time.as_secs_f64() / end.as_secs_f64().max(1e-3)
}
