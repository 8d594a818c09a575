use crate::alone;
use crate::services::{self, Service};
use pool_core::measure::{Doubt, Found, Verdict};
use pool_core::{Measure, Pool};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What is found about a service.
pub(crate) fn measured(service: &Service, at_most: u64) -> Found {
    let pool = Pool::new(1);
    Measure::new(|| pool.as_completed(0.., |n| (service.call)(*n)))
        .at_most(Duration::from_millis(at_most))
        .run()
}

/// The service waits, and the number found is near the best one, and not beyond `most`. Where the machine stood still
/// meanwhile, a level lost some of its time, and the next one looks better than it is.
fn is_near(service: Service, most: usize) {
    alone(move || {
        let (found, stood_still) = beside_a_metronome(|| measured(&service, 500));
        assert_eq!(found.verdict(), Verdict::Waits, "{found}");
        let workers = found.max_workers().unwrap();
        let most = if stood_still < Duration::from_millis(20) { most } else { 2 * most };
        assert!(
            service.factor(workers) <= 1.35 && workers <= most,
            "{workers}, and no thread ran for {stood_still:?}\n{found}"
        );
    });
}

/// Runs `code`, and tells for how long in all a thread that sleeps for a millisecond again and again was not woken.
fn beside_a_metronome<R>(code: impl FnOnce() -> R) -> (R, Duration) {
    const BEAT: Duration = Duration::from_millis(1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let metronome = scope.spawn(|| {
            let mut late = Duration::ZERO;
            while !over.load(Ordering::SeqCst) {
                let begun = Instant::now();
                thread::sleep(BEAT);
                let took = begun.elapsed();
                late += if took > 3 * BEAT { took - BEAT } else { Duration::ZERO };
            }
            late
        });
        let result = code();
        over.store(true, Ordering::SeqCst);
        (result, metronome.join().unwrap())
    })
}

#[test]
fn a_queue_needs_as_many_workers_as_servers() {
    is_near(services::queue(), 16);
}

#[test]
fn throughput_that_falls_again_has_its_best_number_found() {
    is_near(services::retrograde(), 32);
}

#[test]
fn a_full_link_needs_no_more_workers() {
    is_near(services::link(), 16);
}

#[test]
fn a_service_without_a_limit_is_for_async() {
    alone(|| {
        let found = measured(&services::stragglers(), 600);
        assert_eq!(found.verdict(), Verdict::Endless, "{found}");
        assert!(found.max_workers().unwrap() > 512, "{found}");
    });
}

#[test]
fn a_limit_that_refuses_is_named() {
    alone(|| {
        let found = measured(&services::limited(), 500);
        assert_eq!(found.verdict(), Verdict::Fails { from: 8 }, "{found}");
        assert_eq!(found.max_workers(), Some(4), "{found}");
        assert_eq!(found.rows().last().unwrap().workers(), 8, "it goes no further\n{found}");
    });
}

/// On a machine that has no time for it, a measurement says that, and nothing else.
#[test]
fn calls_that_keep_the_cpu_busy_are_for_rayon() {
    alone(|| {
        let found = measured(&services::spinner(), 300);
        match found.verdict() {
            Verdict::Busy => {
                let cores = thread::available_parallelism().unwrap().get();
                assert!(found.max_workers().unwrap() <= cores, "{found}");
                assert!(found.rows()[0].cpu_share() > 0.5, "{found}");
            }
            other => assert_eq!(other, Verdict::Unclear(Doubt::OtherPrograms), "{found}"),
        }
    });
}

/// Processes that keep every core busy, four times over.
struct Hogs(Vec<Child>);

impl Hogs {
    fn start() -> Self {
        let cores = thread::available_parallelism().unwrap().get();
        let hog = |_| Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        Self((0..4 * cores).map(hog).collect())
    }
}

impl Drop for Hogs {
    fn drop(&mut self) {
        for hog in &mut self.0 {
            let _ = hog.kill();
            let _ = hog.wait();
        }
    }
}

#[test]
fn a_busy_machine_is_told_from_a_call_that_waits() {
    alone(|| {
        let _hogs = Hogs::start();
        let found = measured(&services::spinner(), 300);
        let verdict = found.verdict();
        assert!(
            matches!(verdict, Verdict::Busy | Verdict::Unclear(Doubt::OtherPrograms)),
            "{verdict:?}\n{found}"
        );
    });
}

#[test]
fn a_service_that_changes_its_pace_is_too_noisy() {
    alone(|| {
        let (pool, seen) = (Pool::new(1), AtomicUsize::new(0));
        let call = |_: usize| {
            let fast = seen.fetch_add(1, Ordering::SeqCst) < 200;
            thread::sleep(Duration::from_millis(if fast { 1 } else { 100 }));
            Ok::<_, ()>(())
        };
        let build = || {
            seen.store(0, Ordering::SeqCst);
            pool.map(0.., call)
        };
        let measure = Measure::new(build).levels([4, 8]).at_most(Duration::from_millis(800));
        let found = measure.run();
        assert!(found.rows().iter().all(|row| row.is_noisy()), "{found}");
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::Noise), "{found}");
        assert_eq!(found.max_workers(), None);
    });
}

#[test]
fn levels_that_still_gain_are_no_answer() {
    alone(|| {
        let (pool, service) = (Pool::new(1), services::queue());
        let build = || pool.map(0.., &service.call);
        let found = Measure::new(build).levels([1, 4]).at_most(Duration::from_millis(300)).run();
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::Growing), "{found}");
    });
}

#[test]
fn few_inputs_are_no_answer() {
    alone(|| {
        let (pool, service) = (Pool::new(1), services::queue());
        let found = Measure::new(|| pool.map(0..6, &service.call)).run();
        assert_eq!(found.verdict(), Verdict::Unclear(Doubt::FewCalls), "{found}");
        assert!(found.rows().last().unwrap().has_few_calls(), "{found}");
        assert!(
            found.rows().last().unwrap().workers() <= 16,
            "it does not go on for ever\n{found}"
        );
    });
}
