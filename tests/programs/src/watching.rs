//! What the watch of a batch says, beside what is known of it.

use crate::ledger::Fate;
use crate::plan::Mood;
use crate::run::Run;
use std::sync::atomic::Ordering::SeqCst;

impl Run {
    /// Inside the call of that input.
    pub(crate) fn see_call(&self, index: usize) {
        let Some(watch) = self.watch.get() else { return };
        let (finished, running, taken) = (watch.finished(), watch.running(), watch.taken());
        let numbered = !matches!(self.plan.inputs.mood, Mood::Feed { numbered: false, .. });
        let runs = running.iter().any(|call| call.index == index || !numbered);
        self.book.check(runs, || format!("call {index} is not seen to run"));
        let sorted = running.windows(2).all(|two| {
            // The clock goes on between the two.
            let younger = two[1].age();
            two[0].age() >= younger
        });
        self.book.check(sorted, || "calls that run are not in the order of their age".into());
        self.book.check(finished < taken && running.len() <= taken, || {
            format!("{finished} calls finished and {} run of {taken}", running.len())
        });
    }

    /// After so many results of calls that were waited for.
    pub(crate) fn see_results(&self, results: usize) {
        let Some(watch) = self.watch.get() else { return };
        let (failed, finished) = (watch.failed(), watch.finished());
        self.book.check(failed <= finished, || format!("{failed} failed of {finished} finished"));
        self.book.check(finished >= results, || {
            format!("{finished} calls finished after {results} results")
        });
    }

    /// When no call runs any more.
    pub(crate) fn see_end_of_watch(&self) {
        let Some(watch) = self.watch.get() else { return };
        let (taken, finished, running) = (watch.taken(), watch.finished(), watch.running().len());
        self.book.check(running == 0 && taken == finished, || {
            format!("{finished} of {taken} calls finished, {running} run at the end: {watch:?}")
        });
    }

    /// After the end of the results.
    pub(crate) fn see_end(&self) {
        let Some(watch) = self.watch.get() else { return };
        self.see_end_of_watch();
        if !self.is_cut_short() {
            let (called, failed) = (self.book.count(Fate::Called), self.failed.load(SeqCst));
            self.book.check(watch.taken() == called && watch.failed() == failed, || {
                format!("{called} calls, {failed} failed, but {watch:?}")
            });
        }
    }
}
