//! The wrappers that the client puts around values.

use super::record::RecordBatch;

macro_rules! wrappers {
    ($($name:ident($type:ty) $($copy:ident)?;)*) => {$(
        #[derive(Debug, Default, Clone, $($copy,)? PartialEq, Eq)]
        pub struct $name(pub $type);

        impl From<$type> for $name {
            fn from(value: $type) -> Self {
                Self(value)
            }
        }
    )*};
}

wrappers! {
    Boolean(bool) Copy;
    Int16(i16) Copy;
    Int32(i32) Copy;
    Int64(i64) Copy;
    String_(String);
    NullableString(Option<String>);
    Records(Vec<RecordBatch>);
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Array<T>(pub Option<Vec<T>>);

/// Always `None` in the client; kafka-codec writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaggedFields {}
