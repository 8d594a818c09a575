//! Where a function stands, how a batch keeps `self`, and what the type beside a free function is called.

use crate::args::{Args, NO_COMPANION};
use crate::errors::Errors;
use crate::parameter::take_mark;
use crate::types::{arguments, is_elided, last_segment, mention_of_self, peel};
use proc_macro2::Ident;
use quote::{ToTokens as _, format_ident};
use syn::ext::IdentExt as _;
use syn::{FnArg, Lifetime, ReceiverKind, Signature, Token, Type, TypeReference};

/// Where the function stands.
pub(crate) enum Place {
    /// Free: a type stands beside it.
    Free,
    /// In an `impl`: siblings stand beside it. The receiver is absent for `associated`.
    Impl(Option<Receiver>),
}

/// `self` and how a batch keeps it.
pub(crate) struct Receiver {
    pub(crate) token: Token![self],
    pub(crate) keeping: Keeping,
}

pub(crate) enum Keeping {
    /// `&self` is lent for as long as the batch is, or for the lifetime that it names.
    Reference(Option<Lifetime>),
    /// `self: Arc<Self>` is owned by the batch and cloned for each call.
    Arc,
    /// `self: &Arc<Self>` is cloned once, and the clone is lent to each call.
    ArcReference,
    /// Refused.
    Refused,
}

impl Place {
    pub(crate) fn of(sig: &mut Signature, args: &Args, errors: &mut Errors) -> Self {
        let Some(FnArg::Receiver(receiver)) = sig.inputs.first_mut() else {
            let mention = mention_of_self(sig.to_token_stream());
            return match (&args.associated, mention) {
                (None, None) => Self::Free,
                (None, Some(mention)) => {
                    errors.at(
                        mention,
                        "`Self` in a function without `self`; write `#[concurrent(associated)]`",
                    );
                    if let Some(companion) = &args.companion {
                        errors.at(&companion.key, NO_COMPANION);
                    }
                    Self::Impl(None)
                }
                (Some(_), _) => Self::Impl(None),
            };
        };
        if let Some(associated) = &args.associated {
            errors.at(
                &associated.key,
                "`associated` is for functions without `self`; remove `associated`",
            );
        } else if let Some(companion) = &args.companion {
            errors.at(&companion.key, NO_COMPANION);
        }
        for mark in ["shared", "worker"] {
            if take_mark(&mut receiver.attrs, mark, errors).is_some() {
                let message = format!("`self` is shared by all calls; remove `#[{mark}]`");
                errors.at(receiver.self_token, message);
            }
        }
        let keeping = match &receiver.kind {
            ReceiverKind::Reference(_, lifetime, None) => {
                Some(Keeping::Reference(lifetime.clone().filter(|lifetime| !is_elided(lifetime))))
            }
            ReceiverKind::Typed(_, ty) => match peel(ty) {
                Type::Reference(TypeReference {
                    lifetime: None, mutability: None, elem, ..
                }) if is_arc_of_self(elem) => Some(Keeping::ArcReference),
                ty if is_arc_of_self(ty) => Some(Keeping::Arc),
                _ => None,
            },
            _ => None,
        };
        if keeping.is_none() {
            let message = "calls share `self`, so it cannot be taken like this; write `&self`, `self: Arc<Self>` or \
                `self: &Arc<Self>`";
            errors.at(&*receiver, message);
        }
        Self::Impl(Some(Receiver {
            token: receiver.self_token,
            keeping: keeping.unwrap_or(Keeping::Refused),
        }))
    }

    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        match self {
            Self::Impl(receiver) => receiver.as_ref(),
            Self::Free => None,
        }
    }
}

fn is_arc_of_self(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|last| {
        last.ident == "Arc"
            && matches!(arguments(last)[..], [of] if last_segment(of).is_some_and(|of| of.ident == "Self"))
    })
}

/// The name of the type beside a free function, refused if it hides a name that most programs use.
pub(crate) fn companion(sig: &Signature, place: &Place, args: &Args, errors: &mut Errors) -> Ident {
    let name = args.companion.as_ref().map_or(&sig.ident, |given| &given.value);
    let written = name.unraw().to_string();
    let hidden = match place {
        Place::Free if PRIMITIVES.contains(&written.as_str()) => "primitive type",
        Place::Free if args.is_a_crate(&written) => "crate",
        Place::Free | Place::Impl(_) => return name.clone(),
    };
    let other = format_ident!("{written}_calls");
    let message = format!(
        "a companion called `{written}` would hide the {hidden} `{written}` from the code around it; \
            write `companion = {other}`"
    );
    errors.at(name, message);
    other
}

const PRIMITIVES: [&str; 19] = [
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
    "i128", "isize", "f16", "f32", "f64", "f128",
];
