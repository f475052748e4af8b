package parley.push;

import java.util.Locale;
import java.util.Optional;

/** Whose service reaches a device. */
public enum Platform {
  /** Apple Push Notification service. */
  APNS,
  /** Firebase Cloud Messaging. */
  FCM;

  /** The word of the protocol and of stored events: {@code apns}, {@code fcm}. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The platform of that {@link #wireName()}, or empty where there is none. */
  public static Optional<Platform> of(String wireName) {
    for (Platform platform : values()) {
      if (platform.wireName().equals(wireName)) {
        return Optional.of(platform);
      }
    }
    return Optional.empty();
  }
}
