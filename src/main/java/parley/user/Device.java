package parley.user;

import com.fasterxml.jackson.annotation.JsonInclude;
import org.jspecify.annotations.Nullable;
import parley.model.DeviceId;

/**
 * A device that has said hello.
 *
 * @param number its name in {@link DeviceCursors}; a new one when it has lost its data
 * @param client what it says it runs
 * @param seenAt when a session of it was last alive, epoch milliseconds
 * @param pushAt when the token was registered, epoch milliseconds; 0 where no version that knew it
 *     wrote it down, and that counts as long ago
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
record Device(
    DeviceId id,
    long number,
    String client,
    long seenAt,
    @Nullable String pushPlatform,
    @Nullable String pushToken,
    long pushAt) {
  // What is empty is not written, and arrives as null.

  Device {
    client = client == null ? "" : client;
  }

  Device withPush(@Nullable String platform, @Nullable String token, long at) {
    return new Device(id, number, client, seenAt, platform, token, at);
  }

  Device seen(String newClient, long at) {
    return new Device(id, number, newClient, Math.max(seenAt, at), pushPlatform, pushToken, pushAt);
  }

  @Override
  public String toString() {
    return "Device[" + id + ", number=" + number + "]";
  }
}
