/* A module with one fault, chosen when it is compiled. None has functions: the loader must refuse each before a call. */
#include "smtpgate/transport.h"

#if defined(BAD_ABI)
SGT_EXPORT const struct sgt_module SGT_MODULE(bad_abi);
const struct sgt_module SGT_MODULE(bad_abi) = {
	.abi = SGT_ABI + 1, .size = sizeof(struct sgt_module), .code = "bad_abi"};
#elif defined(BAD_SIZE)
SGT_EXPORT const struct sgt_module SGT_MODULE(bad_size);
const struct sgt_module SGT_MODULE(bad_size) = {.abi = SGT_ABI, .size = 64, .code = "bad_size"};
#elif defined(BAD_CODE)
SGT_EXPORT const struct sgt_module SGT_MODULE(bad_code);
const struct sgt_module SGT_MODULE(bad_code) = {SGT_MODULE_HEAD, .code = "other"};
#elif defined(BAD_EXPORT)
SGT_EXPORT const struct sgt_module SGT_MODULE(another);
const struct sgt_module SGT_MODULE(another) = {SGT_MODULE_HEAD, .code = "bad_export"};
#elif defined(BAD_SYMBOL)
void nobody_has_this(void);
SGT_EXPORT void bad_symbol_call(void);
void bad_symbol_call(void)
{
	nobody_has_this();
}
SGT_EXPORT const struct sgt_module SGT_MODULE(bad_symbol);
const struct sgt_module SGT_MODULE(bad_symbol) = {SGT_MODULE_HEAD, .code = "bad_symbol"};
#elif defined(BAD_FUNCTIONS)
SGT_EXPORT const struct sgt_module SGT_MODULE(bad_functions);
const struct sgt_module SGT_MODULE(bad_functions) = {SGT_MODULE_HEAD, .code = "bad_functions"};
#endif
