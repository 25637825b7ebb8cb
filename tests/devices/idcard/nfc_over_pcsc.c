/* Lets mrtdreader, a reader of travel documents by others, reach a card in a PC/SC reader: the few libnfc calls it makes, over
 * SCardTransmit. Preloaded by test_judges.py, which compiles it. Test only. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <winscard.h>

static SCARDCONTEXT context;
static SCARDHANDLE card;
static DWORD protocol;
static char name[1024];

void nfc_init(void **handle) { *handle = &context; }
void nfc_exit(void *handle) { (void)handle; SCardReleaseContext(context); }

size_t nfc_list_devices(void *handle, char found[][1024], size_t room)
{
    DWORD length = sizeof name;
    (void)handle;
    if (room == 0 || SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) != SCARD_S_SUCCESS) return 0;
    /* A list of names, each ended by a zero: the first one is what is wanted. */
    if (SCardListReaders(context, NULL, name, &length) != SCARD_S_SUCCESS) return 0;
    strcpy(found[0], "pcsc");
    return 1;
}

void *nfc_open(void *handle, const char *wanted)
{
    (void)handle; (void)wanted;
    LONG result = SCardConnect(context, name, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol);
    return result == SCARD_S_SUCCESS ? &card : NULL;
}

void nfc_close(void *device) { (void)device; SCardDisconnect(card, SCARD_RESET_CARD); }
const char *nfc_device_get_name(void *device) { (void)device; return name; }
int nfc_device_set_property_bool(void *device, int property, bool on) { (void)device; (void)property; (void)on; return 0; }
int nfc_initiator_init(void *device) { (void)device; return 0; }
int nfc_initiator_select_passive_target(void *device) { (void)device; return 1; }
void nfc_perror(const void *device, const char *text) { (void)device; fprintf(stderr, "%s\n", text); }

int nfc_initiator_transceive_bytes(void *device, const uint8_t *command, size_t length, uint8_t *answer, size_t room, int timeout)
{
    DWORD got = room;
    (void)device; (void)timeout;
    LONG result = SCardTransmit(card, protocol == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0, command, length, NULL, answer, &got);
    return result == SCARD_S_SUCCESS ? (int)got : -1;
}
