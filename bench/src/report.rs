//! Decides what is kept of a run: one file for machines, one for readers, and a picture, all from the same figures.

use crate::machine::Machine;
use crate::measure::Row;
use crate::{markdown, picture};
use serde::Serialize;
use std::error::Error;
use std::fs;
use std::path::Path;

#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self { machine: Machine::here(), rows }
    }

    pub(crate) fn write(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("results.json"), serde_json::to_string_pretty(self)? + "\n")?;
        fs::write(folder.join("RESULTS.md"), markdown::page(self))?;
        picture::draw(&folder.join("results.svg"), self)?;
        println!("\nwritten: results.json, RESULTS.md and results.svg in {}", folder.display());
        Ok(())
    }
}
