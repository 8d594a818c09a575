//! What the macro reads out of a type, and names for the lifetimes that a type leaves out.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, GenericParam, Lifetime, ParenthesizedGenericArguments, PathArguments,
    PathSegment, Token, TraitBound, Type, TypeFnPtr, TypeImplTrait, TypeReference,
};

/// The type itself, without parentheses and without the invisible group that a macro's fragment comes in.
pub(crate) fn peel(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peel(&group.elem),
        Type::Paren(paren) => peel(&paren.elem),
        other => other,
    }
}

/// The last segment of a type that is a path.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// The types between `<` and `>` in a segment.
pub(crate) fn arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return Vec::new() };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// The first `Self` among some tokens.
pub(crate) fn mention_of_self(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => mention_of_self(group.stream()),
        TokenTree::Ident(ident) if ident == "Self" => Some(ident),
        _ => None,
    })
}

/// Whether a lifetime is left to the compiler: `'_`, or none after a `&`.
pub(crate) fn is_elided(lifetime: &Lifetime) -> bool {
    lifetime.ident == "_"
}

/// The lifetimes that a type mentions in their order, `'_` at the `&` for those that are left out there.
pub(crate) fn lifetimes(ty: &Type) -> Vec<Lifetime> {
    let mut found = Vec::new();
    each_lifetime(&mut ty.clone(), |lifetime| found.push(lifetime.clone()));
    found
}

/// The type with `name` for every elided lifetime.
pub(crate) fn name_elided(ty: &Type, name: &Lifetime) -> Type {
    let mut named = ty.clone();
    each_lifetime(&mut named, |lifetime| {
        if is_elided(lifetime) {
            *lifetime = Lifetime { apostrophe: lifetime.apostrophe, ident: name.ident.clone() };
        }
    });
    named
}

fn each_lifetime(ty: &mut Type, each: impl FnMut(&mut Lifetime)) {
    EachLifetime { each, bound: Vec::new() }.visit_type_mut(ty);
}

struct EachLifetime<F> {
    each: F,
    /// The lifetimes of the `for<'a>` around, which mean nothing outside of it.
    bound: Vec<Lifetime>,
}

impl<F: FnMut(&mut Lifetime)> VisitMut for EachLifetime<F> {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if !self.bound.contains(lifetime) {
            (self.each)(lifetime);
        }
    }

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        let outside = self.bound.len();
        let named = bound.lifetimes.iter().flat_map(|bound| &bound.lifetimes);
        self.bound.extend(named.filter_map(|parameter| match parameter {
            GenericParam::Lifetime(parameter) => Some(parameter.lifetime.clone()),
            GenericParam::Type(_) | GenericParam::Const(_) => None,
        }));
        visit_mut::visit_trait_bound_mut(self, bound);
        self.bound.truncate(outside);
    }

    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        let elided = Lifetime::new("'_", reference.and_token.span);
        reference.lifetime.get_or_insert(elided);
        visit_mut::visit_type_reference_mut(self, reference);
    }

    // What is elided in `fn(&str)` and `Fn(&str) -> &str` is theirs.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {
    }
}

/// The references with a named lifetime in a type.
pub(crate) fn references(ty: &Type) -> Vec<(Type, Lifetime)> {
    struct Find(Vec<(Type, Lifetime)>);
    impl VisitMut for Find {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            self.0.extend(
                reference.lifetime.clone().map(|lifetime| (Type::clone(&reference.elem), lifetime)),
            );
            visit_mut::visit_type_reference_mut(self, reference);
        }

        fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
            if bound.lifetimes.is_none() {
                visit_mut::visit_trait_bound_mut(self, bound);
            }
        }

        fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments_mut(
            &mut self,
            _: &mut ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut find = Find(Vec::new());
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// The first `&` in a type whose lifetime is left out or `'static`.
pub(crate) fn borrowed(ty: &Type) -> Option<Token![&]> {
    struct Find(Option<Token![&]>);
    impl VisitMut for Find {
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            let lifetime = reference.lifetime.as_ref();
            if lifetime.is_none_or(|lifetime| is_elided(lifetime) || lifetime.ident == "static") {
                self.0.get_or_insert(reference.and_token);
            }
            visit_mut::visit_type_reference_mut(self, reference);
        }

        fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments_mut(
            &mut self,
            _: &mut ParenthesizedGenericArguments,
        ) {
        }
    }
    let mut find = Find(None);
    find.visit_type_mut(&mut ty.clone());
    find.0
}

/// The first `impl` of an `impl Trait` in a type.
pub(crate) fn impl_trait(ty: &Type) -> Option<Token![impl]> {
    struct Find(Option<Token![impl]>);
    impl VisitMut for Find {
        fn visit_type_impl_trait_mut(&mut self, found: &mut TypeImplTrait) {
            self.0.get_or_insert(found.impl_token);
        }
    }
    let mut find = Find(None);
    find.visit_type_mut(&mut ty.clone());
    find.0
}
