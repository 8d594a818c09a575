//! [`Process`]: one worker process, as the caller sees it.

use crate::deadline;
use crate::fleet::error::FleetError;
use crate::fleet::frame::{Answer, Frame, Incoming, Order, Report};
use crate::fleet::mark::{Mark, VARIABLE};
use crate::fleet::system;
use crate::is_cancelled;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};
use std::{env, process, thread};

/// How long a wait lasts before the caller looks whether the call is cancelled.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// How long a process may take until it serves.
const PATIENCE: Duration =
    if cfg!(test) { Duration::from_secs(1) } else { Duration::from_secs(60) };

/// How long a process that has closed its line may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// How long a call may go on after its time limit, of which it knows, before its process is ended.
const GRACE: Duration = Duration::from_millis(50);

/// A worker process.
pub(super) struct Process {
    child: Child,
    line: Incoming<UnixStream>,
    /// The process that has started it. A fork of that has its line, too, and may not use it.
    caller: u32,
    /// It serves. Before that it may be given up, and awaited by the next call.
    serves: bool,
    started: Instant,
}

/// Why there is no answer.
pub(super) enum Missing {
    /// The call is over for the caller, with this error. The process may be used again if it has not served yet.
    GivenUp(FleetError),
    /// The process has ended before the call began, as told.
    NotBegun(String),
    /// The process has ended during the call, or before it served.
    Lost(FleetError),
}

impl Process {
    /// Starts this program once more.
    pub(super) fn start(arguments: &[OsString]) -> Result<Self, FleetError> {
        Self::spawn(arguments).map_err(|error| FleetError::NotStarted(error.to_string()))
    }

    /// Runs one call in a process that is started for it and ended after it.
    #[cfg(feature = "redis")]
    pub(super) fn run_alone(name: &str, inputs: &[u8]) -> Result<Answer, FleetError> {
        let arguments: Vec<_> = env::args_os().skip(1).collect();
        let mut process = Self::start(&arguments)?;
        match process.call(name, inputs) {
            Ok(answer) => {
                drop(process.dismiss().wait());
                Ok(answer)
            }
            Err(Missing::GivenUp(error)) => {
                process.end();
                Err(error)
            }
            Err(Missing::NotBegun(end)) => Err(FleetError::Crashed(end)),
            Err(Missing::Lost(error)) => Err(error),
        }
    }

    fn spawn(arguments: &[OsString]) -> io::Result<Self> {
        let (line, other_end) = UnixStream::pair()?;
        line.set_read_timeout(Some(TICK))?;
        line.set_write_timeout(Some(TICK))?;
        // On Linux the program that runs, even if its file was replaced meanwhile.
        let program =
            if cfg!(target_os = "linux") { "/proc/self/exe".into() } else { env::current_exe()? };
        let mut command = Command::new(program);
        if let Some(name) = env::args_os().next() {
            command.arg0(name);
        }
        command.args(arguments).env(VARIABLE, Mark::of_a_worker(&other_end)?);
        // A group of its own: Ctrl-C in a terminal is for the caller, which may want the calls that run.
        command.stdin(OwnedFd::from(other_end)).process_group(0);
        let child = command.spawn()?;
        Ok(Self {
            child,
            line: Incoming::new(line),
            caller: process::id(),
            serves: false,
            started: Instant::now(),
        })
    }

    /// Whether this process has started it.
    pub(super) fn is_ours(&self) -> bool {
        self.caller == process::id()
    }

    /// Whether it waits for a call, or runs one.
    pub(super) fn serves(&self) -> bool {
        self.serves
    }

    /// Runs one call in the process, which has to serve first. After [`Missing::GivenUp`] it may be asked again while
    /// it does not serve. Otherwise there is no process any more after an error.
    pub(super) fn call(&mut self, name: &str, inputs: &[u8]) -> Result<Answer, Missing> {
        if !self.serves {
            self.wait_until_it_serves()?;
        }
        let limit = deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let sent = self.send(&Order::call(limit, name, inputs));
        let mut told = false;
        let report = sent.and_then(|()| {
            self.report(|process| {
                in_time(GRACE)?;
                if !told && is_cancelled() {
                    told = true;
                    let _ = Order::cancel().write_to(process.line.line());
                }
                Ok(())
            })
        });
        if let Ok(Report::Done(answer)) = report {
            return Ok(answer);
        }
        let end = self.end();
        Err(match report {
            Err(Break::GivenUp(error)) => Missing::Lost(error),
            // The other end was closed before the order was written, or with the order unread. A cancel that was not
            // read would look the same.
            Err(Break::Line(ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)) if !told => {
                Missing::NotBegun(end)
            }
            _ => Missing::Lost(FleetError::Crashed(end)),
        })
    }

    fn wait_until_it_serves(&mut self) -> Result<(), Missing> {
        let report = self.report(|process| {
            is_wanted()?;
            if process.started.elapsed() > PATIENCE { Err(FleetError::NotServing) } else { Ok(()) }
        });
        match report {
            Ok(Report::Ready) => {
                self.serves = true;
                return Ok(());
            }
            Err(Break::GivenUp(error)) if error != FleetError::NotServing => {
                return Err(Missing::GivenUp(error));
            }
            _ => {}
        }
        let why = match report {
            Err(Break::GivenUp(_)) => format!("it did not serve for {} s", PATIENCE.as_secs()),
            _ if self.ends_by_itself() => format!("{}, before it served", self.status()),
            _ => "it closed its standard input before it served".to_owned(),
        };
        self.end();
        Err(Missing::Lost(FleetError::NotStarted(format!("{why}; {}", FleetError::NotServing))))
    }

    /// Waits a while for the end of a process that has closed the line. Most have closed it by ending.
    fn ends_by_itself(&mut self) -> bool {
        let closed = Instant::now();
        while !self.has_ended() && closed.elapsed() < FAREWELL {
            thread::sleep(Duration::from_millis(1));
        }
        self.has_ended()
    }

    /// Closes the line, at which the process ends by itself. What is left waits for its end.
    pub(super) fn dismiss(self) -> Child {
        self.child
    }

    /// Writes an order.
    fn send(&mut self, order: &Frame<'_>) -> Result<(), Break> {
        for mut part in order.parts() {
            while !part.is_empty() {
                match self.line.line().write(part) {
                    Ok(written) => part = &part[written..],
                    Err(error) if is_tick(&error) => {
                        in_time(GRACE).map_err(Break::GivenUp)?;
                        if self.has_ended() {
                            return Err(Break::Line(ErrorKind::BrokenPipe));
                        }
                    }
                    Err(error) => return Err(Break::Line(error.kind())),
                }
            }
        }
        Ok(())
    }

    /// Waits for a report, until it is there or given up.
    fn report(
        &mut self,
        mut at_each_tick: impl FnMut(&Self) -> Result<(), FleetError>,
    ) -> Result<Report, Break> {
        let mut ended = false;
        loop {
            match self.line.next().and_then(Report::parse) {
                Ok(report) => return Ok(report),
                // What it wrote before its end was there at the tick before.
                Err(error) if is_tick(&error) && ended => {
                    return Err(Break::Line(ErrorKind::UnexpectedEof));
                }
                Err(error) if is_tick(&error) => {
                    at_each_tick(self).map_err(Break::GivenUp)?;
                    // A fork of the worker may keep the line open.
                    ended = self.has_ended();
                }
                Err(error) => return Err(Break::Line(error.kind())),
            }
        }
    }

    /// Whether the process has ended. Where the program ignores the ends of its children, it is gone without a word.
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends the process and what it has started, and says how it has ended.
    fn end(&mut self) -> String {
        system::end_group_of(&self.child);
        self.status()
    }

    /// Waits for the end of the process, and says how it has ended.
    fn status(&mut self) -> String {
        match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => format!("how is unknown, since the caller ignores SIGCHLD: {error}"),
        }
    }
}

/// Why a report does not come.
enum Break {
    Line(ErrorKind),
    GivenUp(FleetError),
}

/// Whether the line has waited for a tick, and is as good as before.
fn is_tick(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// Whether a call that has not begun in a worker should.
pub(super) fn is_wanted() -> Result<(), FleetError> {
    in_time(Duration::ZERO)?;
    if is_cancelled() { Err(FleetError::Cancelled) } else { Ok(()) }
}

/// Whether the time limit of the caller's call is over, and has been for so long.
fn in_time(grace: Duration) -> Result<(), FleetError> {
    let late = deadline().and_then(|at| Instant::now().checked_duration_since(at));
    if late.is_some_and(|late| late > grace) { Err(FleetError::TimedOut) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{Missing, Process};
    use crate::fleet::error::FleetError;

    #[test]
    fn a_program_that_runs_and_never_serves_is_ended() {
        let arguments = ["runs_and_does_not_serve", "--ignored"].map(Into::into);
        let mut process = Process::start(&arguments).unwrap();
        match process.call("", &[]) {
            Err(Missing::Lost(FleetError::NotStarted(why))) => {
                assert!(why.starts_with("it did not serve for 1 s; "), "{why}");
            }
            _ => panic!("another end"),
        }
        assert!(process.has_ended());
    }

    #[test]
    #[ignore = "a worker that does not serve runs it"]
    fn runs_and_does_not_serve() {
        loop {
            std::thread::park();
        }
    }
}
