/*
 * The main of a fuzz target without libFuzzer: runs every seed of tests/fuzz/seeds/NAME and every
 * prefix of it. Fails when there are no seeds or one cannot be read; what the target finds ends the
 * program.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define SEED_MAX (1 << 20)

/* A copy of its own size each time, so that a read beyond the end is seen. */
static void run(const uint8_t *data, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	if (!copy)
		abort();
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int replay(const char *path)
{
	static uint8_t seed[SEED_MAX];
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return -1;
	}
	size_t n = fread(seed, 1, sizeof seed, f);
	fclose(f);
	size_t step = n > 4096 ? n / 4096 : 1; /* large seeds: 4096 prefixes */
	for (size_t prefix = 0; prefix < n; prefix += step)
		run(seed, prefix);
	run(seed, n);
	return 0;
}

int main(void)
{
	static const char folder[] = FUZZ_SEEDS;
	DIR *dir = opendir(folder);
	if (!dir) {
		perror(folder);
		return EXIT_FAILURE;
	}
	int seeds = 0, failed = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		char path[4096];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		failed += replay(path) != 0;
		seeds++;
	}
	closedir(dir);
	printf("%s: %d seeds\n", folder, seeds);
	return seeds && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
