//! Octets as the contract hands them over, and back.

use crate::abi::{postern_list, postern_str, Record};
use std::fmt;
use std::os::raw::c_char;

/// Octets of a peer or an operator: mostly text, but nobody promises that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Octets<'a>(pub &'a [u8]);

impl<'a> Octets<'a> {
    /// As text; what is no UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn to_text(self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len()
    }
    #[must_use]
    pub fn contains(self, what: &str) -> bool {
        what.is_empty() || self.0.windows(what.len()).any(|part| part == what.as_bytes())
    }
    #[must_use]
    pub fn eq_ignore_case(self, what: &str) -> bool {
        self.0.eq_ignore_ascii_case(what.as_bytes())
    }
    /// What is behind `start`, if it begins so.
    #[must_use]
    pub fn strip_prefix(self, start: &str) -> Option<Octets<'a>> {
        self.0.strip_prefix(start.as_bytes()).map(Octets)
    }
    /// Decimal digits, and nothing else.
    #[must_use]
    pub fn to_number(self) -> Option<u64> {
        let is_number = !self.0.is_empty() && self.0.iter().all(u8::is_ascii_digit);
        std::str::from_utf8(self.0).ok().filter(|_| is_number)?.parse().ok()
    }
}

impl PartialEq<str> for Octets<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}
impl PartialEq<&str> for Octets<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}
impl fmt::Display for Octets<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&String::from_utf8_lossy(self.0))
    }
}
impl fmt::Debug for Octets<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{:?}", String::from_utf8_lossy(self.0))
    }
}

/// # Safety
/// `from` is as the contract has it, and its octets live for `'a`.
pub(crate) unsafe fn view<'a>(from: postern_str) -> Octets<'a> {
    if from.len == 0 {
        return Octets(&[]);
    }
    Octets(std::slice::from_raw_parts(from.ptr.cast::<u8>(), from.len))
}

pub(crate) fn lent(text: &str) -> postern_str {
    lent_octets(text.as_bytes())
}

pub(crate) fn lent_octets(octets: &[u8]) -> postern_str {
    postern_str { ptr: octets.as_ptr().cast::<c_char>(), len: octets.len() }
}

pub(crate) fn lent_list<R: Record>(records: &[R]) -> postern_list {
    postern_list {
        at: records.as_ptr().cast(),
        count: u32::try_from(records.len()).unwrap_or(u32::MAX),
        stride: std::mem::size_of::<R>() as u32,
    }
}

/// Copies of a list's records: those of an older peer are padded with zeros, of those of a newer one the end is not read.
/// # Safety
/// `from` is a list of `R` as the contract has it.
pub(crate) unsafe fn records_of<R: Record>(from: postern_list) -> Vec<R> {
    (0..from.count as usize)
        .map(|i| record_at(from.at.cast::<u8>().add(i * from.stride as usize), from.stride as usize))
        .collect()
}

/// # Safety
/// `size` octets can be read at `at`, and they are the beginning of an `R`.
pub(crate) unsafe fn record_at<R: Record>(at: *const u8, size: usize) -> R {
    let mut record = R::zero();
    let known = size.min(std::mem::size_of::<R>());
    std::ptr::copy_nonoverlapping(at, (&mut record as *mut R).cast::<u8>(), known);
    record
}
