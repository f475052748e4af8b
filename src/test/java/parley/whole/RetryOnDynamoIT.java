package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** {@link RetryIT} with DynamoDB as the store. */
@ExtendWith(OnDynamo.class)
class RetryOnDynamoIT extends RetryIT {}
