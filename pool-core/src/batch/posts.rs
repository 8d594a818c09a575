//! [`Posts`]: which threads stand by at a batch, and why.

use crate::base::sync::Unparker;

/// Why a thread stands by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Post {
    /// Another worker runs inputs faster than two could.
    Crowded,
    /// The buffer is full of results that the consumer is about to take.
    Stalled,
    /// The consumer. The pool's last calls were fast, so one worker may be enough; the consumer soon finds out.
    Consumer,
}

/// The posts of a batch.
#[derive(Default)]
pub(super) struct Posts([Watch; 3]);

/// What the thread at a post does.
#[derive(Default)]
pub(super) enum Watch {
    /// There is none.
    #[default]
    Vacant,
    Looks,
    Naps(Unparker),
}

impl Posts {
    /// Whether a thread stands by, at any post.
    pub(super) fn any(&self) -> bool {
        self.0.iter().any(|watch| !matches!(watch, Watch::Vacant))
    }

    /// Whether a thread stands by at this one.
    pub(super) fn held(&self, post: Post) -> bool {
        !matches!(self.0[post as usize], Watch::Vacant)
    }

    /// A thread takes a post, unless another has it.
    pub(super) fn take(&mut self, post: Post) -> bool {
        let vacant = !self.held(post);
        if vacant {
            self.0[post as usize] = Watch::Looks;
        }
        vacant
    }

    /// A thread leaves its post: unless another stands by, hints are pushed again. Says whether there was one.
    pub(super) fn leave(&mut self, post: Post) -> bool {
        let held = self.held(post);
        self.0[post as usize] = Watch::Vacant;
        held
    }

    /// The thread at a post looks, or naps until it is unparked.
    pub(super) fn set(&mut self, post: Post, watch: Watch) {
        self.0[post as usize] = watch;
    }

    /// Ends the nap of the thread at a post.
    pub(super) fn wake(&mut self, post: Post) {
        if let Watch::Naps(thread) = std::mem::replace(&mut self.0[post as usize], Watch::Looks) {
            thread.unpark();
        }
    }

    /// Ends the nap of every worker that stands by: no further input is taken.
    pub(super) fn relieve(&mut self) {
        for post in [Post::Crowded, Post::Stalled] {
            if self.held(post) {
                self.wake(post);
            }
        }
    }
}
