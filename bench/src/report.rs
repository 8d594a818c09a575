//! What is kept of a run.

use crate::machine::Machine;
use crate::measure::Row;

pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(rows: Vec<Row>) -> Self {
        Self { machine: Machine::here(), rows }
    }
}
