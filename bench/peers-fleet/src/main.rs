//! apalis-redis' part in the tables of fleets: `worker NUMBER`, and `caller JOB COUNT`.
//!
//! The caller follows the same orders as that of pool-core, and prints the same figures. Handlers are async, so
//! blocking calls go to tokio's threads for them. `wait_for` asks for each result that is missing, every 100 ms.

use apalis::prelude::*;
use apalis_redis::{Config, RedisStorage, connect};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::error::Error;
use std::hint::spin_loop;
use std::io::{self, Read as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Call {
    spins: u64,
    sleeps: u64,
}

type Answer = (u64, u32);

async fn job(call: Call) -> Result<Answer, BoxDynError> {
    let blocking = move || {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_micros(call.spins) {
            spin_loop();
        }
        if call.sleeps > 0 {
            thread::sleep(Duration::from_micros(call.sleeps));
        }
        (now(), process::id())
    };
    Ok(tokio::task::spawn_blocking(blocking).await?)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_nanos() as u64
}

struct Caller {
    storage: RedisStorage<Call>,
    last: u64,
}

impl Caller {
    async fn calls(&mut self, call: Call, count: u64) -> Result<Vec<Answer>, Box<dyn Error>> {
        let ids: Vec<TaskId> = (self.last..self.last + count).map(TaskId::from_int).collect();
        self.last += count;
        let tasks: Vec<_> = ids
            .iter()
            .map(|id| TaskBuilder::new(call.clone()).task_id(id.clone()).build())
            .collect();
        self.storage.push_all(stream::iter(tasks)).await?;
        let mut results = WaitForCompletion::<Answer>::wait_for(&mut self.storage, ids);
        let mut answers = Vec::new();
        while let Some(result) = results.next().await {
            answers.push(result?.take()?);
        }
        Ok(answers)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let connection = connect(env::var("PEERS_REDIS")?).await?;
    // As many tasks at a time as a worker has places. A worker that has found none looks again at its next heartbeat,
    // which is after 30 seconds otherwise: only a push in its own process wakes it.
    let heartbeat = Duration::from_millis(10);
    let config = Config::default()
        .queue("job")
        .batch_size(4)
        .heartbeat_interval(heartbeat)
        .missed_heartbeats(6_000);
    let storage = RedisStorage::new(connection).with_config(config);
    match &arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", number] => {
            let worker = WorkerBuilder::new(format!("worker-{number}")).backend(storage);
            worker.concurrency(4).build(job).run().await?;
        }
        ["caller", name, count] => {
            call(Caller { storage, last: now() }, name, count.parse()?).await?
        }
        _ => return Err("start `bash bench/fleet/run`".into()),
    }
    Ok(())
}

async fn call(mut caller: Caller, name: &str, count: u64) -> Result<(), Box<dyn Error>> {
    let mut seen = HashSet::new();
    while seen.len() < 2 {
        let answers = caller.calls(Call { spins: 0, sleeps: 5_000 }, 32).await?;
        seen.extend(answers.into_iter().map(|(_, process)| process));
    }
    println!("ready");
    io::stdin().read_line(&mut String::new())?;

    let begun = Instant::now();
    let (spins, sleeps) = match name {
        "10us" => (10, 0),
        "1ms" => (0, 1_000),
        "100ms" => (0, 100_000),
        _ => (0, 0),
    };
    if name == "one" {
        let (mut after, mut whole) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let before = now();
            let answers = caller.calls(Call { spins, sleeps }, 1).await?;
            let now = now();
            after.push(now - answers[0].0);
            whole.push(now - before);
        }
        let seconds = begun.elapsed().as_secs_f64();
        after.sort_unstable();
        whole.sort_unstable();
        let at = |sorted: &[u64], part| sorted[(sorted.len() - 1) * part / 100] as f64 / 1e3;
        println!("{seconds} {} {} {}", at(&after, 50), at(&after, 99), at(&whole, 50));
    } else {
        let answers = caller.calls(Call { spins, sleeps }, count).await?;
        println!("{}", begun.elapsed().as_secs_f64());
        assert_eq!(answers.len() as u64, count);
    }
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
