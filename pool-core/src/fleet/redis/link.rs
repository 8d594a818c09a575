//! [`Link`]: a connection to the server that comes back.

use super::checks;
use redis::{Client, Connection, RedisResult};
use std::thread;
use std::time::{Duration, Instant};

/// A connection that is made when it is needed, and again after every error.
pub(super) struct Link {
    client: Client,
    connection: Option<Connection>,
    /// What each new connection does first.
    greeting: Box<Greeting>,
    /// How often a connection was made.
    pub(super) connections: u64,
}

type Greeting = dyn Fn(&mut Connection) -> RedisResult<()> + Send;

/// Why a command has no reply.
#[derive(Debug)]
pub(super) enum Failed {
    /// The wait for a server was given up.
    GivenUp,
    /// The server refuses, and would refuse again.
    Refused(String),
}

/// The longest wait for a connection, or for a reply beyond what the command waits for by itself.
const PATIENCE: Duration = Duration::from_secs(5);

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self::greeting(client, |_| Ok(()))
    }

    pub(super) fn greeting(
        client: Client,
        greeting: impl Fn(&mut Connection) -> RedisResult<()> + Send + 'static,
    ) -> Self {
        Self { client, connection: None, greeting: Box::new(greeting), connections: 0 }
    }

    /// Runs commands, and repeats them after an error until `goes_on` says otherwise: so they may be run twice. An
    /// error always costs the connection, since a late reply would be taken for that of the next command.
    pub(super) fn run<T>(
        &mut self,
        goes_on: impl Fn() -> bool,
        commands: impl Fn(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, Failed> {
        let mut delay = Duration::from_millis(20);
        loop {
            match self.connection().and_then(&commands) {
                Ok(reply) => return Ok(reply),
                Err(error) => {
                    self.connection = None;
                    if let Some(why) = checks::refusal(&error) {
                        return Err(Failed::Refused(why));
                    }
                }
            }
            let until = Instant::now() + delay;
            while Instant::now() < until {
                if !goes_on() {
                    return Err(Failed::GivenUp);
                }
                thread::sleep(Duration::from_millis(10));
            }
            delay = (delay * 2).min(Duration::from_millis(500));
        }
    }

    /// Runs commands once, and says why there is no reply.
    pub(super) fn run_once<T>(
        &mut self,
        commands: impl FnOnce(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, String> {
        let reply = self.connection().and_then(commands);
        reply.map_err(|error| checks::refusal(&error).unwrap_or_else(|| error.to_string()))
    }

    fn connection(&mut self) -> RedisResult<&mut Connection> {
        if self.connection.is_none() {
            let mut connection = self.client.get_connection_with_timeout(PATIENCE)?;
            connection.set_read_timeout(Some(PATIENCE))?;
            connection.set_write_timeout(Some(PATIENCE))?;
            (self.greeting)(&mut connection)?;
            self.connections += 1;
            self.connection = Some(connection);
        }
        Ok(self.connection.as_mut().expect("a connection"))
    }
}
