//! [`Process`]: one worker process, as the caller sees it.

use crate::fleet::FleetError;
use crate::fleet::frame::{Answer, Incoming, Order, Report};
use crate::fleet::system;
use crate::is_cancelled;
use std::env;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::Duration;

/// Tells a process which file its standard input is if it is a worker.
pub(super) const VARIABLE: &str = "POOL_CORE_FLEET";

/// How long a wait for an answer lasts before the caller looks whether the call is cancelled.
const TICK: Duration = Duration::from_millis(50);

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
        match process.report(|_| if is_cancelled() { Wait::Over } else { Wait::On }) {
            Ok(Some(Report::Ready)) => Ok(process),
            _ if is_cancelled() => Err(FleetError::Cancelled),
            _ => {
                let end = process.end();
                Err(FleetError::NotStarted(format!(
                    "{end}, before it served; {}",
                    FleetError::NotServing
                )))
            }
        }
    }

    fn spawn(arguments: &[OsString]) -> io::Result<Self> {
        let (line, other_end) = UnixStream::pair()?;
        line.set_read_timeout(Some(TICK))?;
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
        let mut told = false;
        let sent = Order::call(&mut self.line.line(), name, inputs);
        let answer = sent.and_then(|()| {
            self.report(|mut line| {
                if !told && is_cancelled() {
                    told = true;
                    let _ = Order::cancel(&mut line);
                }
                Wait::On
            })
        });
        match answer {
            Ok(Some(Report::Done(answer))) => Ok(Some(answer)),
            // The other end was closed before the order was written, or with the order unread.
            Err(error)
                if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) =>
            {
                self.end();
                Ok(None)
            }
            _ => Err(FleetError::Crashed(self.end())),
        }
    }

    /// Closes the line, at which the process ends by itself. What is left waits for its end.
    pub(super) fn dismiss(self) -> Child {
        self.child
    }

    /// Waits for a report. `None` if the wait is over before it comes.
    fn report(
        &mut self,
        mut at_each_tick: impl FnMut(&UnixStream) -> Wait,
    ) -> io::Result<Option<Report>> {
        loop {
            match self.line.next() {
                Ok(frame) => return Report::parse(&frame).map(Some),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    if let Wait::Over = at_each_tick(self.line.line()) {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the process, and says how it has ended.
    fn end(&mut self) -> String {
        // One that has ended by itself stays as it was.
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

/// Whether to go on waiting.
enum Wait {
    On,
    Over,
}
