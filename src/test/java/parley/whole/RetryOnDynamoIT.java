package parley.whole;

import org.junit.jupiter.api.extension.ExtendWith;

/** G3 where the store is DynamoDB. */
@ExtendWith(OnDynamo.class)
class RetryOnDynamoIT extends RetryIT {}
