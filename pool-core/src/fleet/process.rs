//! [`Process`]: one worker process, as the caller sees it.

use crate::fleet::error::FleetError;
use crate::fleet::frame::{Answer, Incoming, Order, Report};
use crate::fleet::system;
use crate::{deadline, is_cancelled};
use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Tells a process which file its standard input is if it is a worker.
pub(super) const VARIABLE: &str = "POOL_CORE_FLEET";

/// How long a wait lasts before the caller looks whether the call is cancelled.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// How long a call may go on after its time limit, of which it knows, before its process is ended.
const GRACE: Duration = Duration::from_millis(50);

/// A worker process.
pub(super) struct Process {
    child: Child,
    line: Incoming<UnixStream>,
}

impl Process {
    /// Starts this program once more, and waits until it serves.
    pub(super) fn start(arguments: &[OsString]) -> Result<Self, FleetError> {
        let mut process =
            Self::spawn(arguments).map_err(|error| FleetError::NotStarted(error.to_string()))?;
        let report = process.report(|_| is_wanted());
        if let Ok(Report::Ready) = report {
            return Ok(process);
        }
        let end = process.end();
        Err(match report {
            Err(Missing::GivenUp(error)) => error,
            _ => FleetError::NotStarted(format!(
                "{end}, before it served; {}",
                FleetError::NotServing
            )),
        })
    }

    /// Runs one call in a process that is started for it and ended after it. `None` if that has ended before the call
    /// began.
    #[cfg(feature = "redis")]
    pub(super) fn run_alone(name: &str, inputs: &[u8]) -> Result<Option<Answer>, FleetError> {
        let arguments: Vec<_> = env::args_os().skip(1).collect();
        let mut process = Self::start(&arguments)?;
        let answer = process.call(name, inputs)?;
        if answer.is_some() {
            drop(process.dismiss().wait());
        }
        Ok(answer)
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
        command.args(arguments).env(VARIABLE, system::identity(&other_end)?);
        // A group of its own: Ctrl-C in a terminal is for the caller, which may want the calls that run.
        command.stdin(OwnedFd::from(other_end)).process_group(0);
        let child = command.spawn()?;
        Ok(Self { child, line: Incoming::new(line) })
    }

    /// Gives the process back if it lives. One that ended while it had nothing to do costs no call.
    pub(super) fn if_alive(mut self) -> Option<Self> {
        matches!(self.child.try_wait(), Ok(None)).then_some(self)
    }

    /// Runs one call in the process. `None` if the process has ended before the call began. After that, and after an
    /// error, there is no process any more.
    pub(super) fn call(&mut self, name: &str, inputs: &[u8]) -> Result<Option<Answer>, FleetError> {
        let limit = deadline().map(|at| at.saturating_duration_since(Instant::now()));
        let sent = self.send(&Order::call(limit, name, inputs));
        let mut told = false;
        let report = sent.and_then(|()| {
            self.report(|mut line| {
                in_time(GRACE)?;
                if !told && is_cancelled() {
                    told = true;
                    let _ = line.write_all(&Order::cancel());
                }
                Ok(())
            })
        });
        if let Ok(Report::Done(answer)) = report {
            return Ok(Some(answer));
        }
        let end = self.end();
        match report {
            Err(Missing::GivenUp(error)) => Err(error),
            // The other end was closed before the order was written, or with the order unread. A cancel that was not
            // read would look the same.
            Err(Missing::Line(ErrorKind::BrokenPipe | ErrorKind::ConnectionReset)) if !told => {
                Ok(None)
            }
            _ => Err(FleetError::Crashed(end)),
        }
    }

    /// Closes the line, at which the process ends by itself. What is left waits for its end.
    pub(super) fn dismiss(self) -> Child {
        self.child
    }

    /// Writes an order.
    fn send(&self, mut order: &[u8]) -> Result<(), Missing> {
        while !order.is_empty() {
            match self.line.line().write(order) {
                Ok(written) => order = &order[written..],
                Err(error) if is_tick(&error) => in_time(GRACE).map_err(Missing::GivenUp)?,
                Err(error) => return Err(Missing::Line(error.kind())),
            }
        }
        Ok(())
    }

    /// Waits for a report, until it is there or given up.
    fn report(
        &mut self,
        mut at_each_tick: impl FnMut(&UnixStream) -> Result<(), FleetError>,
    ) -> Result<Report, Missing> {
        loop {
            match self.line.next().and_then(|frame| Report::parse(&frame)) {
                Ok(report) => return Ok(report),
                Err(error) if is_tick(&error) => {
                    at_each_tick(self.line.line()).map_err(Missing::GivenUp)?;
                }
                Err(error) => return Err(Missing::Line(error.kind())),
            }
        }
    }

    /// Ends the process and what it has started, and says how it has ended.
    fn end(&mut self) -> String {
        system::end_group_of(&self.child);
        match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Why a report does not come.
enum Missing {
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
