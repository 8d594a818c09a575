//! Not a test but a table: what ten runs find about each service.

use crate::services;
use crate::the_answer_is_right::measured;
use std::time::Instant;

#[test]
#[ignore = "takes minutes; run it with `--nocapture` for the table"]
fn ten_runs_of_each_service() {
    let services = [
        services::queue,
        services::stragglers,
        services::retrograde,
        services::spinner,
        services::limited,
        services::link,
    ];
    println!(
        "| service | truth | found in ten runs | within 1.35 | seconds a run |\n| --- | --- | --- | --- | --- |"
    );
    for service in services {
        let begun = Instant::now();
        let (mut texts, mut near) = (Vec::new(), 0);
        for _ in 0..10 {
            let service = service();
            let found = measured(&service, 1000);
            let workers = found.max_workers();
            near += usize::from(workers.is_some_and(|n| service.factor(n) <= 1.35));
            texts.push(format!("{:?} {workers:?}", found.verdict()));
        }
        let seconds = begun.elapsed().as_secs_f64() / 10.0;
        let mut counted: Vec<(String, usize)> = Vec::new();
        for text in texts {
            match counted.iter_mut().find(|(other, _)| *other == text) {
                Some((_, count)) => *count += 1,
                None => counted.push((text, 1)),
            }
        }
        let found: Vec<_> =
            counted.iter().map(|(text, count)| format!("{count} × {text}")).collect();
        println!(
            "| {} | {} | {} | {near} | {seconds:.1} |",
            service().name,
            service().truth,
            found.join(", ")
        );
    }
}
