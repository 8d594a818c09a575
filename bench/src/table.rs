//! The table on a terminal, and how every report writes a figure.

use crate::measure::{Bound, OURS, Row, Spread};

pub(crate) fn print(rows: &[Row]) {
    let mut job = "";
    for row in rows {
        if job != row.job {
            println!("\n{}", row.job);
            job = &row.job;
        }
        println!(
            "\n  {} [{}]{}",
            row.name,
            row.unit,
            goal(row).map(|goal| format!("  {goal}")).unwrap_or_default()
        );
        for entry in &row.entries {
            let to_ours = entry
                .to_ours
                .map(|ratio| format!("× {}", figure(ratio.median)))
                .unwrap_or_default();
            println!(
                "    {:28} {:>9}  {:21} {to_ours}",
                entry.contender,
                figure(entry.figure.median),
                range(&entry.figure)
            );
        }
    }
}

/// With as many digits as mean something.
pub(crate) fn figure(figure: f64) -> String {
    match figure.abs() {
        0.0 => "0".into(),
        size if size >= 1_000.0 => thousands(figure),
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        size if size >= 0.1 => format!("{figure:.2}"),
        size if size >= 0.0005 => format!("{figure:.3}"),
        _ => "< 0.001".into(),
    }
}

fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

pub(crate) fn range(spread: &Spread) -> String {
    format!("({} – {})", figure(spread.min), figure(spread.max))
}

/// The goal of a row, and whether it is met.
pub(crate) fn goal(row: &Row) -> Option<String> {
    let goal = row.goal.as_ref()?;
    let said = |bound: &Bound| {
        let met = match bound.kept(row) {
            Some(true) => "met",
            Some(false) => "missed",
            None => "not measured",
        };
        format!("{} {met}", words(bound, row))
    };
    Some(format!("at least {}; aim {}", said(&goal.at_least), said(&goal.aim)))
}

fn words(bound: &Bound, row: &Row) -> String {
    match bound {
        Bound::Figure(most) => format!("≤ {}", figure(*most)),
        Bound::Ratio(most, peer) => {
            let is = row.entry(peer).and_then(|entry| entry.ours_to_it);
            let is = is.map(|ratio| format!(" (is {})", figure(ratio.median))).unwrap_or_default();
            format!("{OURS} ≤ {} × {peer}{is}", figure(*most))
        }
    }
}
