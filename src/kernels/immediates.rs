//! Immediates: the few words that travel with a dispatch, as a struct whose fields have the names of
//! the shader's.

/// A struct of 32-bit words as WGSL has it, or one word of it.
pub(crate) trait Fields: bytemuck::Pod {
    /// The names of its words in order, where it is called `name` itself; those of a struct within
    /// another follow its own name.
    fn names(name: &str) -> Vec<String>;
}

impl Fields for u32 {
    fn names(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }
}

impl Fields for f32 {
    fn names(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }
}

/// Declares such a struct.
macro_rules! immediates {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$of_field:meta])* $of:vis $field:ident: $type:ty),+ $(,)?
    }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        $visibility struct $name { $($(#[$of_field])* $of $field: $type),+ }

        impl $crate::kernels::immediates::Fields for $name {
            fn names(name: &str) -> Vec<String> {
                let within = |field: &str| match name {
                    "" => field.to_owned(),
                    _ => format!("{name}.{field}"),
                };
                let mut names = Vec::new();
                $(names.extend(<$type>::names(&within(stringify!($field))));)+
                names
            }
        }
    };
}
pub(crate) use immediates;
