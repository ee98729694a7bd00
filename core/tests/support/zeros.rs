//! Deflate's best: very many zeros in very few bytes.

/// A zlib stream (RFC 1950, 1951) of so many zeros: one in 1032 bytes of them, nearly.
///
/// One block with the fixed codes: a zero, then copies of 258 bytes from one byte back, then what is left.
pub fn zeros(count: usize) -> Vec<u8> {
    let mut out = Bits::default();
    // The last block, fixed codes.
    out.put(1, 1);
    out.put(1, 2);
    let mut left = count;
    while left > 0 {
        if left < count && left >= 258 {
            // Length 258 is code 285: 8 bits, 11000101. Distance 1 is code 0: 5 bits.
            out.code(0b1100_0101, 8);
            out.code(0, 5);
            left -= 258;
        } else {
            // Literal 0 is 8 bits, 00110000.
            out.code(0b0011_0000, 8);
            left -= 1;
        }
    }
    // The end of the block.
    out.code(0, 7);
    let mut bytes = vec![0x78, 0xDA];
    bytes.extend(out.bytes());
    // Adler's sum: of zeros the lower half stays 1, which the upper half adds up.
    bytes.extend(((count % 65_521) as u16).to_be_bytes());
    bytes.extend([0, 1]);
    bytes
}

/// Bits, the lowest of a byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    waiting: u32,
    count: u32,
}

impl Bits {
    /// A number, its lowest bit first.
    fn put(&mut self, value: u32, bits: u32) {
        self.waiting |= value << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.waiting as u8);
            self.waiting >>= 8;
            self.count -= 8;
        }
    }

    /// A Huffman code, its highest bit first.
    fn code(&mut self, code: u32, bits: u32) {
        self.put(code.reverse_bits() >> (32 - bits), bits);
    }

    fn bytes(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.waiting as u8);
        }
        self.bytes
    }
}
