package parley.client;

/** A registered user with its tokens of now. */
public record TestAccount(
    String userId,
    String username,
    String password,
    String accessToken,
    String refreshToken,
    int expiresIn) {

  @Override
  public String toString() {
    return username + "(" + userId + ")";
  }
}
