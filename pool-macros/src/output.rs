//! What a call gives, and what a result with an elided lifetime borrows from.

use crate::parameter::{Parameter, Passing};
use crate::place::{Keeping, Place};
use crate::types::{impl_trait, is_elided, last_segment, lifetimes, name_elided};
use syn::punctuated::Punctuated;
use syn::token::Paren;
use syn::{Error, FnArg, Lifetime, Result, ReturnType, Signature, Type, TypeTuple};

/// What a call gives.
pub(crate) struct Output {
    /// The return type; elided lifetimes in it are the batch's.
    pub(crate) ty: Type,
    /// Whether it is a `Result` by name, so that `as_completed` takes it apart.
    pub(crate) is_result: bool,
}

impl Output {
    pub(crate) fn of(sig: &Signature, place: &Place, parameters: &[Parameter]) -> Result<Self> {
        if let Some(asyncness) = sig.asyncness {
            let message = "`async fn` does not block, so a thread for each call is wasted; remove `async`, or join \
                the futures";
            return Err(Error::new(asyncness.span, message));
        }
        let ReturnType::Type(_, ty) = &sig.output else {
            return Ok(Self { ty: unit(), is_result: false });
        };
        if let Some(found) = impl_trait(ty) {
            let message = "`impl` in the result; name the type, or box it: `Box<dyn Trait + Send>`";
            return Err(Error::new(found.span, message));
        }
        let ty = match lifetimes(ty).into_iter().find(is_elided) {
            None => Type::clone(ty),
            Some(elided) => match Source::of(sig, place, parameters) {
                Source::Batch => Type::clone(ty),
                Source::Named(lifetime) => name_elided(ty, &lifetime),
                Source::Call => {
                    let message = "the result borrows from what is lent to the call alone; return an owned value, or \
                        name the lifetime here and at the parameter: `&'a`";
                    return Err(Error::new(elided.span(), message));
                }
            },
        };
        let is_result = last_segment(&ty).is_some_and(|last| last.ident == "Result");
        Ok(Self { ty, is_result })
    }
}

fn unit() -> Type {
    Type::Tuple(TypeTuple {
        attrs: Vec::new(),
        paren_token: Paren::default(),
        elems: Punctuated::new(),
    })
}

/// What a result with an elided lifetime borrows from, by the rules of elision.
enum Source {
    /// Something that lives as long as the batch.
    Batch,
    /// Something whose lifetime has a name.
    Named(Lifetime),
    /// Something that lives as long as the call.
    Call,
}

impl Source {
    fn of(sig: &Signature, place: &Place, parameters: &[Parameter]) -> Self {
        match place.receiver().map(|receiver| &receiver.keeping) {
            Some(Keeping::Reference(None)) => return Self::Batch,
            Some(Keeping::Reference(Some(lifetime))) => return Self::Named(lifetime.clone()),
            Some(Keeping::ArcReference) => return Self::Call,
            Some(Keeping::Arc | Keeping::Refused) | None => {}
        }
        let types = sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(written) => Some(&*written.ty),
            FnArg::Receiver(_) => None,
        });
        let mut sources: Vec<_> = types
            .zip(parameters)
            .flat_map(|(ty, parameter)| {
                lifetimes(ty).into_iter().map(|lifetime| (lifetime, &parameter.passing))
            })
            .collect();
        sources.dedup_by(|(one, _), (other, _)| one == other && !is_elided(one));
        match sources.pop() {
            // The compiler refuses a function whose elided result has no source or several.
            Some(_) if !sources.is_empty() => Self::Batch,
            None => Self::Batch,
            Some((lifetime, _)) if !is_elided(&lifetime) => Self::Named(lifetime),
            Some((_, Passing::Owned(_))) => Self::Batch,
            Some((_, Passing::Lent(_) | Passing::LentParameter(_) | Passing::State(_))) => {
                Self::Call
            }
        }
    }
}
