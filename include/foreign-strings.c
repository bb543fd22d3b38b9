/* Strings of Embedded Swift are native UTF-8. The standard library's code for foreign ones, which Objective-C's NSString can be elsewhere,
 * and for indices in UTF-16 can never run, but its checks keep 9 kB of it in the C library: with the UTF-16 offsets of a string, for one.
 * These functions stand for the weak ones of the same names, and end the process. The names are those of Embedded Swift 6.3; with
 * others the library is only larger, and check-symbols.sh says so. In ordinary Swift they begin with $s. */
#define NEVER(number, symbol)                          \
    void limbeck_never_##number(void) __asm__(symbol); \
    void limbeck_never_##number(void) { __builtin_trap(); }

NEVER(1, "$es11_StringGutsV27_slowEnsureMatchingEncodingySS5IndexVAEF")
NEVER(2, "$es11_StringGutsV21_foreignAppendInPlace33_408A76AB043BD3EFBAB6FAAAAA9B4914LLyys01_aB5SliceVF")
NEVER(3, "$es11_StringGutsV12_foreignGrow33_408A76AB043BD3EFBAB6FAAAAA9B4914LLyySiF")
NEVER(4, "$es11_StringGutsV24_foreignConvertedToSmall33_408A76AB043BD3EFBAB6FAAAAA9B4914LLs01_fA0VyF")
NEVER(5, "$es11_StringGutsV16_foreignCopyUTF84intoSiSgSrys5UInt8VG_tF")
NEVER(6, "$es11_StringGutsV18foreignScalarAlignySS5IndexVAEF")
NEVER(7, "$eSS8UTF8ViewV13_foreignCountSiyF")
NEVER(8, "$eSS8UTF8ViewV13_foreignIndex5afterSS0D0VAF_tF")
NEVER(9, "$eSS8UTF8ViewV16_foreignDistance4from2toSiSS5IndexV_AGtF")
NEVER(10, "$eSS8UTF8ViewV17_foreignSubscript8positions5UInt8VSS5IndexV_tF")
NEVER(11, "$eSS8_copyingySSSsFZ")
