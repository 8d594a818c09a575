//! Measures one experiment: its contenders take turns, and ratios are taken between neighbours of one round.

use indicatif::ProgressBar;

/// What the contenders are compared with, in every experiment.
pub(crate) const OURS: &str = "pool-core";
/// The same once more, with a pool of its own: how far it is from [`OURS`] is the noise.
pub(crate) const AGAIN: &str = "pool-core again";

/// One job for several contenders, and the figures that a run of it gives.
pub(crate) struct Experiment {
    /// Its rows' names begin with it.
    pub(crate) name: String,
    /// What is done, for the reader of the table.
    pub(crate) job: String,
    pub(crate) figures: Vec<Figure>,
    /// How often each contender has its turn, in the quick table (0: it is not part of it) and in the whole one.
    pub(crate) rounds: (usize, usize),
    /// Whether each has a turn first that does not count.
    pub(crate) warm_up: bool,
    /// Builds the contenders just before their first turn, so that no pool of another experiment is around.
    pub(crate) contenders: Box<dyn FnOnce() -> Vec<Contender>>,
}

/// One of the figures that a run gives.
#[derive(Clone)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) goal: Option<Goal>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Better {
    Less,
    More,
}

/// What ours has to reach, and what it aims at.
#[derive(Clone)]
pub(crate) struct Goal {
    pub(crate) at_least: Bound,
    pub(crate) aim: Bound,
}

/// An upper bound.
#[derive(Clone)]
pub(crate) enum Bound {
    /// Of the figure itself.
    Figure(f64),
    /// Of ours ÷ the named contender's.
    Ratio(f64, &'static str),
}

/// Who takes part. A turn does the job, checks its results, and gives one number for each figure; NaN for none.
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    turn: Box<dyn FnMut() -> Vec<f64>>,
}

/// What one figure of an experiment came to.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) job: String,
    pub(crate) unit: &'static str,
    pub(crate) better: Better,
    pub(crate) goal: Option<Goal>,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) contender: &'static str,
    pub(crate) figure: Spread,
    /// Its figure ÷ ours of the same round. `None` where either has none, or ours is 0.
    pub(crate) to_ours: Option<Spread>,
    /// Ours ÷ its figure of the same round.
    pub(crate) ours_to_it: Option<Spread>,
}

#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Figure {
    pub(crate) const fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, better: Better::Less, goal: None }
    }

    pub(crate) const fn goal(mut self, at_least: Bound, aim: Bound) -> Self {
        self.goal = Some(Goal { at_least, aim });
        self
    }

    pub(crate) const fn more_is_better(mut self) -> Self {
        self.better = Better::More;
        self
    }
}

impl Contender {
    pub(crate) fn new(name: &'static str, turn: impl FnMut() -> Vec<f64> + 'static) -> Self {
        Self { name, turn: Box::new(turn) }
    }
}

impl Spread {
    /// Of the numbers among `samples`, if there is one.
    pub(crate) fn of(samples: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> =
            samples.into_iter().filter(|sample| sample.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        };
        Some(Self { median, min, max })
    }
}

impl Bound {
    /// Whether `row` keeps it; `None` where it cannot be told.
    pub(crate) fn kept(&self, row: &Row) -> Option<bool> {
        Some(match self {
            Self::Figure(bound) => row.entry(OURS)?.figure.median <= *bound,
            Self::Ratio(bound, peer) => row.entry(peer)?.ours_to_it?.median <= *bound,
        })
    }
}

impl Row {
    pub(crate) fn entry(&self, contender: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.contender == contender)
    }
}

impl Experiment {
    /// Runs it: `rounds` in which all take turns.
    pub(crate) fn run(self, rounds: usize, progress: &ProgressBar) -> Vec<Row> {
        let mut contenders = (self.contenders)();
        let first = usize::from(!self.warm_up);
        progress.set_length((rounds + 1 - first) as u64 * contenders.len() as u64);
        progress.set_position(0);
        let mut samples = vec![vec![Vec::new(); contenders.len()]; self.figures.len()];
        for round in first..=rounds {
            for (position, contender) in contenders.iter_mut().enumerate() {
                progress.set_message(format!("{}: {}", self.name, contender.name));
                let numbers = (contender.turn)();
                assert_eq!(numbers.len(), self.figures.len(), "{}: {}", self.name, contender.name);
                if round > 0 {
                    for (figure, number) in numbers.into_iter().enumerate() {
                        samples[figure][position].push(number);
                    }
                }
                progress.inc(1);
            }
        }
        let ours = contenders.iter().position(|contender| contender.name == OURS);
        self.figures
            .iter()
            .zip(samples)
            .map(|(figure, samples)| Row {
                name: format!("{}/{}", self.name, figure.name),
                job: self.job.clone(),
                unit: figure.unit,
                better: figure.better,
                goal: figure.goal.clone(),
                entries: entries(&contenders, &samples, ours),
            })
            .collect()
    }
}

fn entries(contenders: &[Contender], samples: &[Vec<f64>], ours: Option<usize>) -> Vec<Entry> {
    let compared = |this: &[f64], that: Option<&Vec<f64>>| {
        // What is nothing, or less by chance, is no measure for others.
        let measured = this.iter().zip(that?).filter(|(_, that)| **that > 0.0);
        Spread::of(measured.map(|(this, that)| this / that))
    };
    contenders
        .iter()
        .zip(samples)
        .filter_map(|(contender, numbers)| {
            let ours = ours.map(|ours| &samples[ours]);
            Some(Entry {
                contender: contender.name,
                figure: Spread::of(numbers.iter().copied())?,
                to_ours: compared(numbers, ours),
                ours_to_it: ours.and_then(|ours| compared(ours, Some(numbers))),
            })
        })
        .collect()
}
