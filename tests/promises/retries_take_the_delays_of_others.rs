//! `retry` takes its delays from the crates that make them.

use backon::{BackoffBuilder, ConstantBuilder, ExponentialBuilder, FibonacciBuilder};
use pool_core::{Pool, retry};
use retry::delay::{Exponential, Fixed, jitter};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;
use support::watched;

const MOMENT: Duration = Duration::from_millis(1);

/// How many attempts are made with these delays, if all fail.
fn attempts(delays: impl IntoIterator<Item = Duration>) -> usize {
    let mut attempts = 0;
    let fails = || {
        attempts += 1;
        Err::<(), _>("failed")
    };
    assert_eq!(retry(delays, fails, |_, delay| Some(delay)), Err("failed"));
    attempts
}

#[test]
fn of_backon() {
    let exponential = ExponentialBuilder::default().with_min_delay(MOMENT).with_max_times(4);
    assert_eq!(attempts(exponential.build()), 5);
    assert_eq!(attempts(exponential.with_jitter().build()), 5);
    assert_eq!(
        attempts(ConstantBuilder::default().with_delay(MOMENT).with_max_times(2).build()),
        3
    );
    assert_eq!(
        attempts(FibonacciBuilder::default().with_min_delay(MOMENT).with_max_times(2).build()),
        3
    );
}

#[test]
fn of_retry() {
    assert_eq!(attempts(Fixed::from_millis(1).take(2)), 3);
    assert_eq!(attempts(Exponential::from_millis(1).map(jitter).take(3)), 4);
}

#[test]
fn of_an_array_and_of_none() {
    assert_eq!(attempts([MOMENT, MOMENT]), 3);
    assert_eq!(attempts([]), 1);
    assert_eq!(attempts(std::iter::successors(Some(MOMENT), |delay| Some(*delay * 2)).take(3)), 4);
}

/// Refuses the first two requests with a `Retry-After` in milliseconds, and tells how many came.
fn server() -> (String, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serve = move || {
        for request in 1.. {
            let (mut client, _) = listener.accept().unwrap();
            let refused = request < 3;
            client.write_all(if refused { b"429 5" } else { b"200 0" }).unwrap();
            if !refused {
                return request;
            }
        }
        unreachable!("the third request is the last")
    };
    (address, thread::spawn(serve))
}

#[test]
fn of_a_server() {
    watched(|| {
        let (address, server) = server();
        let request = move || {
            let mut answer = String::new();
            TcpStream::connect(&address).unwrap().read_to_string(&mut answer).unwrap();
            match answer.split_once(' ') {
                Some(("200", _)) => Ok(answer),
                Some((_, after)) => Err(Duration::from_millis(after.parse().unwrap())),
                None => unreachable!("a status and a time"),
            }
        };
        // The planned delays are long, and the server knows better.
        let delays = [Duration::from_secs(3_600); 5];
        let task = Pool::new(1).submit(move || retry(delays, request, |after, _| Some(*after)));
        assert_eq!(task.join().unwrap(), Ok("200 0".to_owned()));
        assert_eq!(server.join().unwrap(), 3);
    });
}
