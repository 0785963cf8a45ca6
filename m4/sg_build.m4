# Warnings, sanitizers, fuzzing and libraries of the smtpgate build.

# SG_COMPILER_WARNINGS: the house's warnings; errors with --enable-werror (CI).
AC_DEFUN([SG_COMPILER_WARNINGS], [
AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [make every compiler warning an error])])
SG_WARN_CFLAGS="-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla"
AS_IF([test "x$enable_werror" = xyes], [SG_WARN_CFLAGS="$SG_WARN_CFLAGS -Werror"])
AC_SUBST([SG_WARN_CFLAGS])
SG_C_STD="-std=c11"
AC_SUBST([SG_C_STD])
])

# SG_SANITIZERS: --enable-sanitizers=address,undefined or thread. SG_WHOLE_LDFLAGS makes the linker refuse a module with a symbol
# that nothing it is linked with defines.
AC_DEFUN([SG_SANITIZERS], [
AC_ARG_ENABLE([sanitizers],
	[AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST (address,undefined or thread)])])
SG_SAN_CFLAGS= SG_SANITIZED=no SG_WHOLE_LDFLAGS=-Wl,-z,defs
AS_CASE([$enable_sanitizers],
	[""|no], [],
	[yes], [SG_SAN_CFLAGS="-fsanitize=address,undefined"],
	[SG_SAN_CFLAGS="-fsanitize=$enable_sanitizers"])
AS_IF([test -n "$SG_SAN_CFLAGS"], [
	SG_SAN_CFLAGS="$SG_SAN_CFLAGS -fno-omit-frame-pointer -fno-sanitize-recover=all"
	SG_SANITIZED=yes
	# clang keeps the sanitizer's runtime in the program: a module finds it only when it is loaded
	SG_WHOLE_LDFLAGS=
	sg_save=$CFLAGS; CFLAGS="$CFLAGS $SG_SAN_CFLAGS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()], [],
		[AC_MSG_ERROR([$CC cannot link with $SG_SAN_CFLAGS])])
	CFLAGS=$sg_save
])
AC_SUBST([SG_SAN_CFLAGS])
AC_SUBST([SG_SANITIZED])
AC_SUBST([SG_WHOLE_LDFLAGS])
])

# SG_FUZZING: libFuzzer programs beside the seed replay that make check always does.
AC_DEFUN([SG_FUZZING], [
AC_ARG_ENABLE([fuzzing], [AS_HELP_STRING([--enable-fuzzing], [build libFuzzer programs (needs clang)])])
AS_IF([test "x$enable_fuzzing" = xyes], [
	sg_save=$CFLAGS; CFLAGS="$CFLAGS -fsanitize=fuzzer"
	AC_LINK_IFELSE([AC_LANG_SOURCE([[#include <stddef.h>
#include <stdint.h>
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n) { (void)d; (void)n; return 0; }]])], [],
		[AC_MSG_ERROR([--enable-fuzzing needs a compiler with -fsanitize=fuzzer: CC=clang and libclang-rt-dev])])
	CFLAGS=$sg_save
])
AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])
])

AC_DEFUN([SG_INIH], [
PKG_CHECK_MODULES([INIH], [inih], [], [
	AC_CHECK_HEADER([ini.h], [], [AC_MSG_ERROR([inih is missing: install libinih-dev])])
	AC_CHECK_LIB([inih], [ini_parse_stream], [INIH_LIBS=-linih],
		[AC_MSG_ERROR([inih is missing: install libinih-dev])])
	AC_SUBST([INIH_LIBS])
])
])

AC_DEFUN([SG_LTDL], [
AC_CHECK_HEADER([ltdl.h], [], [AC_MSG_ERROR([libltdl is missing: install libltdl-dev])])
AC_CHECK_LIB([ltdl], [lt_dlopenadvise], [LTDL_LIBS=-lltdl],
	[AC_MSG_ERROR([libltdl is missing: install libltdl-dev])])
AC_SUBST([LTDL_LIBS])
])

AC_DEFUN([AX_SG_THREADS], [
AC_SEARCH_LIBS([pthread_create], [pthread], [], [AC_MSG_ERROR([no POSIX threads])])
AC_SEARCH_LIBS([dlopen], [dl])
])

# SG_TRANSPORTS: one switch for each vendor's TCP/IP: shared (a module to load), static (preloaded) or no.
AC_DEFUN([SG_TRANSPORT], [
AC_ARG_WITH([transport-$1],
	[AS_HELP_STRING([--with-transport-$1=shared|static|no], [$2 (default: shared)])],
	[], [with_transport_$1=shared])
AS_CASE([$with_transport_$1], [yes], [with_transport_$1=shared], [shared|static|no], [],
	[AC_MSG_ERROR([--with-transport-$1=$with_transport_$1: take shared, static or no])])
AM_CONDITIONAL([TRANSPORT_]m4_toupper([$1])[_SHARED], [test "x$with_transport_$1" = xshared])
AM_CONDITIONAL([TRANSPORT_]m4_toupper([$1])[_STATIC], [test "x$with_transport_$1" = xstatic])
])
AC_DEFUN([SG_TRANSPORTS], [
SG_TRANSPORT([lmn], [the host's own TCP/IP])
])

# SG_SYSTEMD: where the units go; without an answer they lie in pkgdatadir for the administrator to take.
AC_DEFUN([SG_SYSTEMD], [
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir=DIR], [install the systemd units there (default: DATADIR/smtpgate)])],
	[], [with_systemdsystemunitdir=no])
AS_CASE([$with_systemdsystemunitdir],
	[yes], [PKG_CHECK_VAR([unitdir], [systemd], [systemdsystemunitdir], [],
		[AC_MSG_ERROR([--with-systemdsystemunitdir: name the folder])])],
	[no], [unitdir='$(pkgdatadir)'],
	[unitdir=$with_systemdsystemunitdir])
AC_SUBST([unitdir])
])

AC_DEFUN([SG_SUMMARY], [
AC_MSG_NOTICE([
  smtpgate $PACKAGE_VERSION
    compiler     $CC $CFLAGS $SG_SAN_CFLAGS
    transports   lmn: $with_transport_lmn
    prefix       $prefix])
])
