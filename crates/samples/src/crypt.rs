//! Just enough of PDF's oldest encryption (RC4, 40 bit) to make a file that asks for a password. It protects nothing.

/// MD5 (RFC 1321).
pub(crate) fn md5(message: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = message.to_vec();
    padded.push(0x80);
    padded.resize(padded.len().next_multiple_of(64), 0);
    if padded.len() - message.len() < 9 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(message.len() as u64 * 8).to_le_bytes());

    let mut state = [0x6745_2301_u32, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    for block in padded.chunks_exact(64) {
        let word = |i: usize| {
            u32::from_le_bytes([block[i * 4], block[i * 4 + 1], block[i * 4 + 2], block[i * 4 + 3]])
        };
        let [mut a, mut b, mut c, mut d] = state;
        for i in 0..64 {
            let (mix, at) = match i / 16 {
                0 => ((b & c) | (!b & d), i),
                1 => ((d & b) | (!d & c), (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), (7 * i) % 16),
            };
            let sum = a.wrapping_add(mix).wrapping_add(SINES[i]).wrapping_add(word(at));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[i / 16][i % 4]));
        }
        for (s, v) in state.iter_mut().zip([a, b, c, d]) {
            *s = s.wrapping_add(v);
        }
    }
    let mut digest = [0; 16];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// RC4: the same call encrypts and decrypts.
pub(crate) fn rc4(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut box_: [u8; 256] = std::array::from_fn(|i| i as u8);
    let mut j = 0_u8;
    for i in 0..256 {
        j = j.wrapping_add(box_[i]).wrapping_add(key[i % key.len()]);
        box_.swap(i, usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    data.iter()
        .map(|byte| {
            i = i.wrapping_add(1);
            j = j.wrapping_add(box_[usize::from(i)]);
            box_.swap(usize::from(i), usize::from(j));
            byte ^ box_[usize::from(box_[usize::from(i)].wrapping_add(box_[usize::from(j)]))]
        })
        .collect()
}

/// The standard security handler, revision 2 (ISO 32000-1, 7.6.3): one password for the user and the owner.
pub(crate) struct Encryption {
    key: [u8; 5],
    /// Value of /O.
    pub(crate) owner: Vec<u8>,
    /// Value of /U.
    pub(crate) user: Vec<u8>,
}

/// Value of /P: everything is allowed to who knows the password.
pub(crate) const PERMISSIONS: i32 = -4;

const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e,
    0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

impl Encryption {
    /// Encryption of the file with this id.
    pub(crate) fn new(password: &str, file_id: &[u8; 16]) -> Self {
        let mut padded = password.as_bytes().to_vec();
        padded.extend(PADDING);
        padded.truncate(32);
        let owner = rc4(&md5(&padded)[..5], &padded);
        let mut message = padded;
        message.extend(&owner);
        message.extend(PERMISSIONS.to_le_bytes());
        message.extend(file_id);
        let digest = md5(&message);
        let key = [digest[0], digest[1], digest[2], digest[3], digest[4]];
        Self { key, owner, user: rc4(&key, &PADDING) }
    }

    /// The bytes of a stream of object `id`.
    pub(crate) fn stream(&self, id: usize, data: &[u8]) -> Vec<u8> {
        let mut message = self.key.to_vec();
        message.extend(&(id as u32).to_le_bytes()[..3]);
        message.extend([0, 0]);
        rc4(&md5(&message)[..10], data)
    }
}

/// floor(2³² × |sin(i + 1)|).
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn md5_gives_the_digests_of_the_rfc() {
        let hex = |m: &str| md5(m.as_bytes()).iter().fold(String::new(), |s, b| s + &format!("{b:02x}"));
        assert_eq!(hex(""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
        assert_eq!(hex(&"1234567890".repeat(8)), "57edf4a22be3c955ac49da2e2107b67a");
    }

    #[test]
    fn rc4_gives_the_published_vector() {
        assert_eq!(rc4(b"Key", b"Plaintext"), [0xbb, 0xf3, 0x16, 0xe8, 0xd9, 0x40, 0xaf, 0x0a, 0xd3]);
    }
}
