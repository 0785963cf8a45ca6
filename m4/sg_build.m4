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
	SG_SAN_CFLAGS="$SG_SAN_CFLAGS -fno-omit-frame-pointer -fno-sanitize-recover=all$SG_FUZZ_CFLAGS"
	SG_SANITIZED=yes
	# clang keeps the sanitizer's runtime in the program: a module finds it only when it is loaded
	SG_WHOLE_LDFLAGS=
	sg_save=$CFLAGS; CFLAGS="$CFLAGS $SG_SAN_CFLAGS"
	AC_LINK_IFELSE([AC_LANG_PROGRAM()], [],
		[AC_MSG_ERROR([$CC cannot link with $SG_SAN_CFLAGS])])
	CFLAGS=$sg_save
])
AC_SUBST([SG_SAN_CFLAGS])
# for programs that must have one thread alone
AS_CASE([$enable_sanitizers], [*thread*], [SG_CHILD_SAN_CFLAGS=], [SG_CHILD_SAN_CFLAGS=$SG_SAN_CFLAGS])
AC_SUBST([SG_CHILD_SAN_CFLAGS])
AC_SUBST([SG_SANITIZED])
AC_SUBST([SG_WHOLE_LDFLAGS])
AM_CONDITIONAL([SANITIZED], [test "x$SG_SANITIZED" = xyes])
])

# SG_FUZZING: libFuzzer programs beside the seed replay that make check always does. Stands before SG_SANITIZERS: all code
# is watched for what a seed reaches (else the fuzzer is blind), and with the sanitizers unless others are named.
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
	SG_FUZZ_CFLAGS=" -fsanitize=fuzzer-no-link"
	AS_IF([test -z "$enable_sanitizers"], [enable_sanitizers=address,undefined])
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

# SG_VDEPLUG: the virtual Ethernet of plugins/support/wire.c, for its own tests; transports ask for it by SG_NEEDS_LIB.
AC_DEFUN([SG_VDEPLUG], [
AC_CHECK_HEADER([libvdeplug.h], [AC_CHECK_LIB([vdeplug], [vde_open_real], [VDEPLUG_LIBS=-lvdeplug])])
AC_SUBST([VDEPLUG_LIBS])
AM_CONDITIONAL([VDEPLUG], [test -n "$VDEPLUG_LIBS"])
])

AC_DEFUN([AX_SG_THREADS], [
AC_SEARCH_LIBS([pthread_create], [pthread], [], [AC_MSG_ERROR([no POSIX threads])])
AC_SEARCH_LIBS([dlopen], [dl])
])

# SG_TRANSPORT(CODE, TEXT, [CHECK]): one switch for a vendor's TCP/IP: shared (a module to load), static (preloaded) or no.
# CHECK looks for what it links, by SG_NEEDS_PKG and SG_NEEDS_LIB, unless the answer is no. What is missing leaves the
# transport out, with a line in the summary; asked for by name, it is an error. For CODE.am: the condition TRANSPORT_CODE (it
# is built, either way) and CODE_MODULE, CODE_MODULE_LDFLAGS, CODE_MODULE_LIBTOOLFLAGS, CODE_CFLAGS, CODE_LIBS.
AC_DEFUN([SG_TRANSPORT], [
AC_ARG_WITH([transport-$1],
	[AS_HELP_STRING([--with-transport-$1=shared|static|no], [$2 (default: shared)])],
	[sg_asked=yes], [with_transport_$1=shared sg_asked=no])
AS_CASE([$with_transport_$1], [yes], [with_transport_$1=shared], [shared|static|no], [],
	[AC_MSG_ERROR([--with-transport-$1=$with_transport_$1: take shared, static or no])])
sg_missing=
AS_IF([test "x$with_transport_$1" != xno], [m4_default([$3], [:])])
AS_IF([test -z "$sg_missing"], [sg_line=$with_transport_$1],
	[test $sg_asked = yes], [AC_MSG_ERROR([--with-transport-$1=$with_transport_$1: $sg_missing])],
	[with_transport_$1=no sg_line="left out: $sg_missing"])
SG_TRANSPORT_LINES="$SG_TRANSPORT_LINES
                 $1: $sg_line"
SG_TRANSPORT_PLACE([$1], m4_toupper([$1]))
])

# A module is loaded from transportdir. A preloaded one is an archive; it must not be a convenience library (libtool
# preloads none into programs), so it has an rpath, and no shared twin.
m4_define([SG_TRANSPORT_PLACE], [
AM_CONDITIONAL([TRANSPORT_$2], [test "x$with_transport_$1" != xno])
$2_MODULE=plugins/$1/$1.la $2_MODULE_LDFLAGS= $2_MODULE_LIBTOOLFLAGS=
AS_CASE([$with_transport_$1],
	[shared], [SHARED_TRANSPORTS="$SHARED_TRANSPORTS $$2_MODULE"
		$2_MODULE_LDFLAGS='-avoid-version -no-undefined $(SG_WHOLE_LDFLAGS) -Wl,-z,now -rpath $(transportdir)'],
	[static], [STATIC_TRANSPORT_FILES="$STATIC_TRANSPORT_FILES $$2_MODULE"
		STATIC_TRANSPORTS="$STATIC_TRANSPORTS -dlpreopen $$2_MODULE"
		$2_MODULE_LDFLAGS='-avoid-version -rpath /nowhere'
		$2_MODULE_LIBTOOLFLAGS=--tag=disable-shared],
	[$2_MODULE=])
AC_SUBST([$2_MODULE])
AC_SUBST([$2_MODULE_LDFLAGS])
AC_SUBST([$2_MODULE_LIBTOOLFLAGS])
AC_SUBST([$2_CFLAGS])
AC_SUBST([$2_LIBS])
])

# SG_NEEDS_PKG(CODE in capitals, MODULE of pkg-config, PACKAGE of Debian): adds its flags to CODE_CFLAGS and CODE_LIBS.
AC_DEFUN([SG_NEEDS_PKG], [
AC_MSG_CHECKING([for $2])
AS_IF([$PKG_CONFIG --exists "$2" 2>/dev/null],
	[$1_CFLAGS="$$1_CFLAGS `$PKG_CONFIG --cflags "$2"`" $1_LIBS="$$1_LIBS `$PKG_CONFIG --libs "$2"`"
	AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	sg_missing="${sg_missing:+$sg_missing, }$2 is missing (apt-get install $3)"])
])

# SG_NEEDS_LIB(CODE in capitals, LIBRARY, FUNCTION, HEADER, PACKAGE): the same for a library that has no .pc file.
AC_DEFUN([SG_NEEDS_LIB], [
sg_found=yes
AC_CHECK_HEADER([$4], [], [sg_found=no])
AC_CHECK_LIB([$2], [$3], [$1_LIBS="$$1_LIBS -l$2"], [sg_found=no])
AS_IF([test $sg_found = no], [sg_missing="${sg_missing:+$sg_missing, }lib$2 is missing (apt-get install $5)"])
])

AC_DEFUN([SG_TRANSPORTS], [
SHARED_TRANSPORTS= STATIC_TRANSPORTS= STATIC_TRANSPORT_FILES= SG_TRANSPORT_LINES=
SG_TRANSPORT([lmn], [the host's own TCP/IP])
SG_TRANSPORT([ftp], [lwIP on a virtual Ethernet], [
	SG_NEEDS_PKG([FTP], [lwip >= 2.1], [liblwip-dev])
	SG_NEEDS_LIB([FTP], [vdeplug], [vde_open_real], [libvdeplug.h], [libvdeplug-dev])])
SG_TRANSPORT([nvl], [a Linux stack in its own network namespace],
	[SG_NEEDS_LIB([NVL], [vdeplug], [vde_open_real], [libvdeplug.h], [libvdeplug-dev])])
SG_TRANSPORT([win], [the 4.4BSD TCP of libslirp], [
	# slirp.pc asks for the headers of GLib, which are not needed; the function came with 4.7
	SG_NEEDS_LIB([WIN], [slirp], [slirp_add_hostxfwd], [slirp/libslirp.h], [libslirp-dev])
	SG_NEEDS_LIB([WIN], [vdeplug], [vde_open_real], [libvdeplug.h], [libvdeplug-dev])])
SG_TRANSPORT([xln], [the host's TCP/IP by io_uring], [SG_NEEDS_PKG([XLN], [liburing >= 2.3], [liburing-dev])])
AC_SUBST([SHARED_TRANSPORTS])
AC_SUBST([STATIC_TRANSPORTS])
AC_SUBST([STATIC_TRANSPORT_FILES])
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
    transports$SG_TRANSPORT_LINES
    prefix       $prefix])
])
