//! [`Token`]: a value whose life is in a book, so that a drop that is missing, early or double is seen.

use crate::ledger::{Book, Kind};
use std::sync::Arc;

/// A value whose life is in a book.
pub(crate) struct Token {
    book: Arc<Book>,
    kind: Kind,
    /// On the heap, so that a second drop frees twice, and a late look reads freed memory.
    mark: Box<u64>,
}

const ALIVE: u64 = 0x0011_7e11_0011_7e11;

impl Token {
    pub(crate) fn new(book: &Arc<Book>, kind: Kind) -> Self {
        book.begin_life(kind);
        Self { book: Arc::clone(book), kind, mark: Box::new(ALIVE) }
    }

    pub(crate) fn touch(&self) {
        self.book.check(*self.mark == ALIVE, || format!("{:?} used after its drop", self.kind));
    }

    pub(crate) fn book(&self) -> &Arc<Book> {
        &self.book
    }

    pub(crate) fn is_of(&self, book: &Arc<Book>) -> bool {
        Arc::ptr_eq(&self.book, book)
    }
}

impl Clone for Token {
    fn clone(&self) -> Self {
        self.touch();
        Self::new(&self.book, self.kind)
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        self.touch();
        *self.mark = 0;
        self.book.end_life(self.kind);
    }
}
