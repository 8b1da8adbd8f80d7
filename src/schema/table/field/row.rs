//! Constructors for generated tables: one by the type of the field, then the exceptions.
//! A field is usually neither an array nor tagged, never null, and zero, false or empty by default.

use super::super::StructSchema;
use super::{
    ARRAY, DefaultValue, Entity, Enumeration, Field, FieldType, IGNORABLE, MAP_KEY, NEVER, Range,
};

/// A constructor for each type, of the field that is in the versions from `first` to `last`.
macro_rules! constructors {
    ($($name:ident: $ty:ident,)*) => {
        $(
            #[doc(hidden)]
            #[must_use]
            pub const fn $name(
                name: &'static str,
                rust_name: &'static str,
                first: i16,
                last: i16,
            ) -> Self {
                Self::new(name, rust_name, FieldType::$ty, first, last)
            }
        )*
    };
}

impl Field {
    constructors! {
        bool: Bool,
        int8: Int8,
        int16: Int16,
        uint16: Uint16,
        int32: Int32,
        uint32: Uint32,
        int64: Int64,
        float64: Float64,
        uuid: Uuid,
        string: String,
        bytes: Bytes,
        records: Records,
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn structure(
        name: &'static str,
        rust_name: &'static str,
        schema: &'static StructSchema,
        first: i16,
        last: i16,
    ) -> Self {
        Self::new(name, rust_name, FieldType::Struct(schema), first, last)
    }

    const fn new(
        name: &'static str,
        rust_name: &'static str,
        ty: FieldType,
        first: i16,
        last: i16,
    ) -> Self {
        Self {
            name,
            rust_name,
            ty,
            default: DefaultValue::Zero,
            versions: Range::new(first, last),
            nullable: Range::NONE,
            tagged_from: NEVER,
            tag: 0,
            size: ty.size(),
            flags: 0,
            entity: None,
            enumeration: None,
            flexible_from: None,
        }
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn array(mut self) -> Self {
        self.flags |= ARRAY;
        self.size = 0;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn named(mut self, enumeration: &'static Enumeration) -> Self {
        self.enumeration = Some(enumeration);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn ignorable(mut self) -> Self {
        self.flags |= IGNORABLE;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn map_key(mut self) -> Self {
        self.flags |= MAP_KEY;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn nullable(mut self, first: i16, last: i16) -> Self {
        self.nullable = Range::new(first, last);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn tagged(mut self, tag: u8, first: i16) -> Self {
        (self.tag, self.tagged_from) = (tag, first);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn flexible(mut self, first: i16) -> Self {
        self.flexible_from = Some(first);
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn default(mut self, default: DefaultValue) -> Self {
        self.default = default;
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub const fn entity(mut self, entity: Entity) -> Self {
        self.entity = Some(entity);
        self
    }
}
