use crate::alone;
use pool_core::measure::Row;
use pool_core::{Measure, Pool};
use std::thread;
use std::time::Duration;

#[test]
fn a_table_fits_80_columns_and_its_lines_stand_under_the_header() {
    alone(|| {
        let pool = Pool::new(1);
        let slow = |n: usize| {
            thread::sleep(Duration::from_millis(if n == 0 { 1200 } else { 0 }));
            if n % 3 == 0 { Err(()) } else { Ok(()) }
        };
        let found = Measure::new(|| pool.map(0..3000, slow)).levels([1, 1024]).run();
        let text = found.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(lines[0], Row::HEADER);
        assert_eq!(lines[3], "");
        for (line, row) in lines[1..3].iter().zip(found.rows()) {
            assert_eq!(*line, row.to_string());
            // Each column ends where its header does.
            let (header, line) =
                (Row::HEADER.chars().collect::<Vec<_>>(), line.chars().collect::<Vec<_>>());
            for end in (1..header.len()).filter(|at| header.get(at + 1).is_none_or(|c| *c == ' ')) {
                if header[end] != ' ' && header[end] != '×' {
                    assert!(
                        line[end] != ' ' && line.get(end + 1).is_none_or(|c| *c == ' '),
                        "{end}\n{text}"
                    );
                }
            }
        }
        assert_eq!(found.rows()[0].to_string().split_whitespace().next(), Some("1"));
    });
}

#[test]
fn rows_compare_with_the_best_so_far_and_then_with_the_best_of_all() {
    alone(|| {
        let pool = Pool::new(1);
        let pause = |_| {
            thread::sleep(Duration::from_millis(5));
            Ok::<_, ()>(())
        };
        let mut measure = Measure::new(|| pool.map(0..80, pause)).levels([1, 8]);
        let so_far: Vec<f64> = measure.by_ref().map(|row| row.of_best()).collect();
        assert_eq!(so_far, [1.0, 1.0]);
        let found = measure.run();
        assert!(found.rows()[0].of_best() < 0.5 && found.rows()[1].of_best() == 1.0, "{found}");
    });
}
