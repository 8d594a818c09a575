//! The frames on the line between a caller and one worker: a length, what kind of frame it is, and the rest.
//!
//! The length is four bytes, little-endian, and counts what follows it. The kind is one byte.

use std::io::{self, Read, Write};
use std::ops::Range;
use std::time::Duration;

/// How many bytes of inputs or of a result a frame has room for.
pub(super) const LIMIT: usize = (u32::MAX - (1 << 20)) as usize;

/// A frame that goes to a worker.
#[derive(Debug, PartialEq)]
pub(super) enum Order {
    /// Run this function with these inputs, in so much time.
    Call { limit: Option<Duration>, name: String, inputs: Vec<u8> },
    /// The call that runs is cancelled. Without one it means nothing.
    Cancel,
}

/// A frame that comes from a worker.
#[derive(Debug, PartialEq)]
pub(super) enum Report {
    /// The worker serves.
    Ready,
    /// The call has ended.
    Done(Answer),
}

/// What became of a call.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The value that was returned.
    Value(Vec<u8>),
    /// The error that was returned.
    Failed(Vec<u8>),
    /// The message of the panic.
    Panicked(String),
    /// It was cancelled before it began.
    Cancelled,
    /// It was given up, since it has ended workers.
    #[cfg(feature = "redis")]
    Dead,
    /// No service has the name.
    NotServed,
    /// The inputs cannot be read.
    Undecodable(String),
    /// The result cannot be written.
    Unencodable(String),
}

impl Order {
    /// The frame of a call. Its inputs are within the [`LIMIT`].
    pub(super) fn call<'a>(limit: Option<Duration>, name: &str, inputs: &'a [u8]) -> Frame<'a> {
        // The longest time stands for none.
        let limit = limit.map(|limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
        let limit = limit.unwrap_or(u64::MAX).to_le_bytes();
        frame(0, &[&limit, &length(name.len()), name.as_bytes()], inputs)
    }

    pub(super) fn cancel() -> Frame<'static> {
        frame(1, &[], &[])
    }

    pub(super) fn parse(frame: &[u8]) -> io::Result<Self> {
        match frame {
            [0, rest @ ..] => {
                let (limit, rest) = rest.split_first_chunk().ok_or_else(nonsense)?;
                let (length, rest) = rest.split_first_chunk().ok_or_else(nonsense)?;
                let length = u32::from_le_bytes(*length) as usize;
                let (name, inputs) = rest.split_at_checked(length).ok_or_else(nonsense)?;
                let limit = Some(u64::from_le_bytes(*limit)).filter(|limit| *limit != u64::MAX);
                let limit = limit.map(Duration::from_micros);
                Ok(Self::Call { limit, name: text(name), inputs: inputs.to_vec() })
            }
            [1] => Ok(Self::Cancel),
            _ => Err(nonsense()),
        }
    }
}

impl Report {
    #[cfg(any(feature = "redis", test))]
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.frame().into_bytes()
    }

    /// The frame of this report.
    pub(super) fn frame(&self) -> Frame<'_> {
        let (kind, rest): (u8, &[u8]) = match self {
            Self::Ready => (0, &[]),
            Self::Done(Answer::Value(bytes)) => (1, bytes),
            Self::Done(Answer::Failed(bytes)) => (2, bytes),
            Self::Done(Answer::Panicked(text)) => (3, text.as_bytes()),
            Self::Done(Answer::Cancelled) => (4, &[]),
            Self::Done(Answer::NotServed) => (5, &[]),
            Self::Done(Answer::Undecodable(text)) => (6, text.as_bytes()),
            Self::Done(Answer::Unencodable(text)) => (7, text.as_bytes()),
            #[cfg(feature = "redis")]
            Self::Done(Answer::Dead) => (8, &[]),
        };
        frame(kind, &[], rest)
    }

    pub(super) fn parse(frame: &[u8]) -> io::Result<Self> {
        let (kind, rest) = frame.split_first().ok_or_else(nonsense)?;
        Ok(match kind {
            0 => Self::Ready,
            1 => Self::Done(Answer::Value(rest.to_vec())),
            2 => Self::Done(Answer::Failed(rest.to_vec())),
            3 => Self::Done(Answer::Panicked(text(rest))),
            4 => Self::Done(Answer::Cancelled),
            5 => Self::Done(Answer::NotServed),
            6 => Self::Done(Answer::Undecodable(text(rest))),
            7 => Self::Done(Answer::Unencodable(text(rest))),
            #[cfg(feature = "redis")]
            8 => Self::Done(Answer::Dead),
            _ => return Err(nonsense()),
        })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a frame of another version")
}

fn frame<'a>(kind: u8, fields: &[&[u8]], rest: &'a [u8]) -> Frame<'a> {
    let fields_length = fields.iter().map(|field| field.len()).sum::<usize>();
    let inline = if rest.len() <= INLINE { rest.len() } else { 0 };
    let mut head = Vec::with_capacity(5 + fields_length + inline);
    head.extend(length(1 + fields_length + rest.len()));
    head.push(kind);
    fields.iter().for_each(|field| head.extend(*field));
    let (inline, rest) = rest.split_at(inline);
    head.extend(inline);
    Frame { head, rest }
}

fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("what travels is within the limit").to_le_bytes()
}

/// A frame that is sent: its parts, one after the other.
pub(super) struct Frame<'a> {
    head: Vec<u8>,
    /// What is too long to be copied. Empty otherwise.
    rest: &'a [u8],
}

/// As many bytes of inputs or of a result are sent with their head.
const INLINE: usize = 16 << 10;

impl Frame<'_> {
    pub(super) fn parts(&self) -> [&[u8]; 2] {
        [&self.head, self.rest]
    }

    pub(super) fn write_to(&self, mut line: impl Write) -> io::Result<()> {
        self.parts().into_iter().try_for_each(|part| line.write_all(part))
    }

    #[cfg(any(feature = "redis", test))]
    fn into_bytes(mut self) -> Vec<u8> {
        self.head.extend(self.rest);
        self.head
    }
}

/// The frames that arrive. A read that times out in the middle of one loses nothing.
pub(super) struct Incoming<R> {
    line: R,
    /// What has arrived and was not taken is at `arrived`. The rest is room.
    buffer: Vec<u8>,
    arrived: Range<usize>,
}

/// The room for what arrives, until a frame is longer.
const ROOM: usize = 16 << 10;

/// As much room is kept between frames.
const KEPT: usize = 1 << 20;

impl<R: Read> Incoming<R> {
    pub(super) fn new(line: R) -> Self {
        Self { line, buffer: vec![0; ROOM], arrived: 0..0 }
    }

    pub(super) fn line(&self) -> &R {
        &self.line
    }

    /// Waits for a frame, and gives what follows its length. After an error because of a time-out it may be asked
    /// again.
    pub(super) fn next(&mut self) -> io::Result<&[u8]> {
        if self.arrived.is_empty() {
            self.arrived = 0..0;
            // The room for a long frame is not kept for the next ones, which may be short.
            if self.buffer.len() > KEPT {
                self.buffer = vec![0; ROOM];
            }
        }
        let (length, _) = self.wait_for(4)?.split_first_chunk().expect("four bytes");
        let length = 4 + u32::from_le_bytes(*length) as usize;
        self.wait_for(length)?;
        let begin = self.arrived.start;
        self.arrived.start += length;
        Ok(&self.buffer[begin + 4..begin + length])
    }

    /// Waits until so many bytes have arrived, and gives what has.
    fn wait_for(&mut self, length: usize) -> io::Result<&[u8]> {
        while self.arrived.len() < length {
            self.make_room(length);
            match self.line.read(&mut self.buffer[self.arrived.end..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(more) => self.arrived.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.buffer[self.arrived.clone()])
    }

    /// Makes room for at least one more of `length` bytes. It grows with what arrives, not with what is announced.
    fn make_room(&mut self, length: usize) {
        if self.arrived.start + length > self.buffer.len() {
            self.buffer.copy_within(self.arrived.clone(), 0);
            self.arrived = 0..self.arrived.len();
            if self.arrived.end == self.buffer.len() {
                self.buffer.resize(length.min(2 * self.buffer.len()), 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Incoming, Order, Report};
    use std::io::{self, Read};
    use std::time::Duration;

    #[test]
    fn frames_arrive_as_they_were_sent() {
        let reports = || {
            let answers = [
                Answer::Value(vec![1, 2]),
                Answer::Failed(Vec::new()),
                Answer::Panicked("out of paper".into()),
                Answer::Cancelled,
                Answer::NotServed,
                Answer::Undecodable("a".into()),
                Answer::Unencodable("b".into()),
            ];
            [Report::Ready].into_iter().chain(answers.map(Report::Done))
        };
        let mut sent = Order::call(None, "fetch", &[7; 3_000_000]).into_bytes();
        sent.extend(Order::call(Some(Duration::from_millis(7)), "", &[]).into_bytes());
        sent.extend(Order::cancel().into_bytes());
        reports().for_each(|report| sent.extend(report.to_bytes()));

        let mut incoming = Incoming::new(&sent[..]);
        let limited = Order::Call {
            limit: Some(Duration::from_millis(7)),
            name: String::new(),
            inputs: Vec::new(),
        };
        let call = Order::Call { limit: None, name: "fetch".into(), inputs: vec![7; 3_000_000] };
        assert_eq!(Order::parse(incoming.next().unwrap()).unwrap(), call);
        assert_eq!(Order::parse(incoming.next().unwrap()).unwrap(), limited);
        assert_eq!(Order::parse(incoming.next().unwrap()).unwrap(), Order::Cancel);
        for report in reports() {
            assert_eq!(Report::parse(incoming.next().unwrap()).unwrap(), report);
        }
        assert_eq!(incoming.next().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_time_out_loses_nothing() {
        /// Times out before each byte.
        struct Slow<'a>(&'a [u8], bool);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    Err(io::ErrorKind::WouldBlock.into())
                } else {
                    self.0.read(&mut buffer[..1])
                }
            }
        }
        let sent = Order::call(None, "fetch", &[1, 2, 3]).into_bytes();
        let (mut incoming, mut late) = (Incoming::new(Slow(&sent, false)), 0);
        let frame = loop {
            match incoming.next() {
                Ok(frame) => break frame.to_vec(),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            late += 1;
        };
        assert_eq!(late, sent.len());
        assert_eq!(frame, sent[4..]);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        for frame in
            [&[][..], &[9], &[0, 1, 2, 3], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 255, 255, 255, 255, 1]]
        {
            assert!(Order::parse(frame).is_err());
        }
        assert!(Report::parse(&[]).is_err());
        assert!(Report::parse(&[99]).is_err());
    }
}
