/* dictionary.c - a config from JSON and back, and what is said of one that is wrong.
 *
 *     cc dictionary.c $(pkg-config --cflags --libs gangsaw) -o dictionary
 *     ./dictionary */
#include <gangsaw/config.h>

#include <stdio.h>
#include <string.h>

static gsaw_status print(void *context, const char *bytes, size_t size)
{
    (void)context;
    return fwrite(bytes, 1, size, stdout) == size ? GSAW_OK : GSAW_SYSTEM;
}

/* Read json into *config and print every setting; the error goes to stdout, too. */
static gsaw_status show(gsaw_config *config, const char *json)
{
    gsaw_error error = {0};
    gsaw_status status = gsaw_config_from_dict(config, json, strlen(json), &error);
    if (status == GSAW_OK)
        status = gsaw_config_to_dict(config, print, NULL, &error);
    printf("%s\n", status == GSAW_OK ? "" : error.text);
    return status;
}

int main(void)
{
    gsaw_config config = {.size = sizeof config};
    gsaw_status status = show(
        &config, "{\"num_workers\": 4, \"enable_work_stealing\": false, \"exclude\": [\"a/\"]}");
    show(&config, "{\"num_wokers\": 4}");
    show(&config, "{\"batch_size\": 0}");
    gsaw_config_clear(&config);
    return status == GSAW_OK ? 0 : 1;
}
