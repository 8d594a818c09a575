//! The page: the goals first, then every figure.

use crate::measure::{AGAIN, Better, OURS, Row};
use crate::report::Report;
use crate::table;
use std::fmt::Write;

pub(crate) fn page(report: &Report) -> String {
    let machine = &report.machine;
    let mut page = format!(
        "# The pool beside its peers\n\n\
         Made by `{}` on {}: {}, {} cores, {}, {}. Not edited by hand.\n\n\
         All contenders run in one process and take turns; only those that say so, and Python's, are processes of their own. A figure is \
         the median of its turns, with the least and the most. A ratio is the median of the ratios of turns in the same round. \
         `{AGAIN}` is the same library with another pool: how far it is from × 1 is the noise. Less is better, unless a row says otherwise.\n\n\
         ![The pool beside its peers](results.svg)\n\n",
        machine.command, machine.date, machine.cpu, machine.cores, machine.kernel, machine.rustc
    );
    goals(&mut page, &report.rows);
    page += "\n## Every figure\n";
    let mut job = "";
    for row in &report.rows {
        if job != row.job {
            job = &row.job;
            _ = write!(
                page,
                "\n### {}\n\n{job}.\n",
                row.name.rsplit_once('/').map_or(row.name.as_str(), |(name, _)| name)
            );
        }
        figures(&mut page, row);
    }
    page
}

fn goals(page: &mut String, rows: &[Row]) {
    *page += "## Goals\n\n| row | pool-core | goal |\n| --- | --- | --- |\n";
    for row in rows {
        if let (Some(goal), Some(ours)) = (table::goal(row), row.entry(OURS)) {
            let (median, range) = (table::figure(ours.figure.median), table::range(&ours.figure));
            _ = writeln!(page, "| {} | {median} {} {range} | {goal} |", row.name, row.unit);
        }
    }
}

fn figures(page: &mut String, row: &Row) {
    let better = if row.better == Better::More { ", more is better" } else { "" };
    let name = row.name.rsplit('/').next().unwrap_or(&row.name);
    _ = write!(
        page,
        "\n| {name}, {}{better} | median | least – most | ÷ {OURS} |\n| --- | --: | --- | --: |\n",
        row.unit
    );
    for entry in &row.entries {
        let bold = if entry.contender == OURS { "**" } else { "" };
        let ratio = entry.to_ours.map(|ratio| table::figure(ratio.median)).unwrap_or_default();
        _ = writeln!(
            page,
            "| {bold}{}{bold} | {bold}{}{bold} | {} – {} | {ratio} |",
            entry.contender,
            table::figure(entry.figure.median),
            table::figure(entry.figure.min),
            table::figure(entry.figure.max),
        );
    }
}
