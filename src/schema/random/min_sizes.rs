//! The minimum sizes of values: what must stay of a budget for the fields still to come.

use super::Options;
use crate::Version;
use crate::schema::{Field, FieldType, StructSchema};
use crate::wire::Encoding;

/// The minimum sizes of the values of one message in one version.
#[derive(Copy, Clone)]
pub(super) struct MinSizes {
    pub(super) version: Version,
    /// Of the message.
    pub(super) encoding: Encoding,
    /// `true` if what may be null counts as null.
    has_nulls: bool,
}

impl MinSizes {
    pub(super) fn new(version: Version, encoding: Encoding, options: &Options) -> Self {
        Self {
            version,
            encoding,
            has_nulls: options.null_percent() > 0,
        }
    }

    /// Of a struct without a marker in front.
    pub(super) fn structure(self, schema: &StructSchema) -> usize {
        let fields = schema.fields().iter();
        let fields = fields.filter(|field| field.is_mandatory_in(self.version));
        let sizes = fields.map(|field| self.field(field, self.of_field(field)));
        sizes.sum::<usize>() + usize::from(self.encoding.is_compact())
    }

    /// How the length of a field that stands among the others is written.
    pub(super) fn of_field(self, field: &Field) -> Encoding {
        field.encoding(self.version, self.encoding)
    }

    /// Of a field whose length is written as `e`.
    pub(super) fn field(self, field: &Field, e: Encoding) -> usize {
        match field.field_type() {
            _ if field.is_array() => e.blob_size(),
            FieldType::Struct(_) if self.is_null(field) => 1,
            FieldType::Struct(schema) => self.marker(field) + self.structure(schema),
            ty => self.primitive(ty, e),
        }
    }

    /// Of an element of an array.
    pub(super) fn element(self, ty: FieldType, e: Encoding) -> usize {
        match ty {
            // With nulls, that is what the table says.
            FieldType::Struct(schema) if self.has_nulls => schema.min_size(self.version),
            FieldType::Struct(schema) => self.structure(schema),
            ty => self.primitive(ty, e),
        }
    }

    /// How much more a struct takes than null does.
    pub(super) fn above_null(self, field: &Field, schema: &StructSchema) -> usize {
        if self.is_null(field) {
            self.structure(schema)
        } else {
            0
        }
    }

    fn primitive(self, ty: FieldType, e: Encoding) -> usize {
        match ty {
            FieldType::String => e.string_size(),
            FieldType::Bytes | FieldType::Records => e.blob_size(),
            fixed => fixed.fixed_size().unwrap_or(0),
        }
    }

    fn is_null(self, field: &Field) -> bool {
        self.has_nulls && field.is_nullable_in(self.version)
    }

    fn marker(self, field: &Field) -> usize {
        usize::from(field.is_nullable_in(self.version))
    }
}

/// How many bytes an unsigned variable-length integer takes.
#[inline]
pub(super) fn varint_size(value: usize) -> usize {
    if value < 0x80 {
        return 1;
    }
    let bits = usize::BITS - value.leading_zeros();
    usize::try_from(bits.div_ceil(7)).expect("an integer has few bits")
}

/// What tag and size take at most.
pub(super) fn tag_bytes(tag: u32) -> usize {
    varint_size(usize::try_from(tag).unwrap_or(usize::MAX)) + MAX_SIZE_BYTES
}

/// What a size takes at most.
pub(super) const MAX_SIZE_BYTES: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    #[test]
    fn the_minimum_size_of_an_element_is_that_of_the_table() {
        fn check(sizes: MinSizes, schema: &StructSchema, is_element: bool) {
            let size = schema.min_size(sizes.version);
            if is_element && size > 0 {
                assert_eq!(
                    sizes.structure(schema),
                    size,
                    "{schema:?} v{}",
                    sizes.version
                );
            }
            for field in schema.fields() {
                if let (true, FieldType::Struct(inner)) =
                    (field.is_in(sizes.version), field.field_type())
                {
                    check(sizes, inner, field.is_array());
                }
            }
        }
        for schema in Schema::all() {
            for version in schema.versions().iter() {
                let encoding = schema.encoding(version);
                let sizes = MinSizes::new(version, encoding, &Options::default());
                check(sizes, schema.root(), false);
            }
        }
    }

    #[test]
    fn an_integer_takes_a_byte_for_each_seven_bits() {
        let sizes = [
            (0, 1),
            (1, 1),
            (127, 1),
            (128, 2),
            (16_383, 2),
            (16_384, 3),
            (1 << 28, 5),
        ];
        for (value, size) in sizes {
            assert_eq!(varint_size(value), size, "{value}");
        }
    }
}
